package io.github.scalingtoolkit.todo.domain;

/**
 * The checked input for a new todo.
 *
 * @param title its title
 * @param completed whether it is done already
 */
public record NewTodo(Title title, boolean completed) {}
