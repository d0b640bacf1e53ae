/**
 * What runs the Todo service: {@link io.github.scalingtoolkit.todo.run.Main} reads arguments and settings,
 * {@link io.github.scalingtoolkit.todo.run.TodoApp} starts the parts of the service in order and stops them.
 *
 * <p>Nothing of the service itself depends on this package, on {@code cluster} or on {@code embedded}.
 */
@org.jspecify.annotations.NullMarked
package io.github.scalingtoolkit.todo.run;
