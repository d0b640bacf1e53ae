/**
 * Users' todos between requests and stores: {@link io.github.scalingtoolkit.todo.todos.TodoReads} reads the cached lists,
 * {@link io.github.scalingtoolkit.todo.todos.TodoWrites} writes documents with their outbox and ends what was cached.
 */
@org.jspecify.annotations.NullMarked
package io.github.scalingtoolkit.todo.todos;
