/**
 * The domain of todos: values, accepted input, JSON output, and the store's interface.
 *
 * <p>Nothing here depends on HTTP, MongoDB or Redis. {@link io.github.scalingtoolkit.todo.domain.TodoInput#read} turns a
 * parsed request body into a {@link io.github.scalingtoolkit.todo.domain.NewTodo} or the complete list of errors
 * in it; {@link io.github.scalingtoolkit.todo.domain.TodoStore} keeps it together with the outbox entry of its
 * notification, so that losing Redis loses no job.
 */
@org.jspecify.annotations.NullMarked
package io.github.scalingtoolkit.todo.domain;
