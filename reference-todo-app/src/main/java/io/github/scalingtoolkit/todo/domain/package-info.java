/**
 * What a todo is: its values, what input is accepted, how it is written as JSON, and the store that keeps it.
 *
 * <p>Nothing here knows HTTP, MongoDB or Redis. {@link io.github.scalingtoolkit.todo.domain.TodoInput#read} turns a
 * parsed request body into a {@link io.github.scalingtoolkit.todo.domain.NewTodo} or the whole list of what is wrong
 * with it; {@link io.github.scalingtoolkit.todo.domain.TodoStore} keeps it together with the outbox entry of its
 * notification, so that losing Redis loses no job.
 */
@org.jspecify.annotations.NullMarked
package io.github.scalingtoolkit.todo.domain;
