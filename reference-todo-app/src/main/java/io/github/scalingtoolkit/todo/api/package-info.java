/** The requests of the service: their input and answers. They reach lists and todos through {@code todos}. */
@org.jspecify.annotations.NullMarked
package io.github.scalingtoolkit.todo.api;
