/** The requests of the service: their input and answers. The layers below do the work. */
@org.jspecify.annotations.NullMarked
package io.github.scalingtoolkit.todo.api;
