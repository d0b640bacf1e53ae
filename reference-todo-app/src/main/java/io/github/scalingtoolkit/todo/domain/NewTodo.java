package io.github.scalingtoolkit.todo.domain;

/**
 * What a user gives to make a todo, checked.
 *
 * @param title its title
 * @param completed whether it is done already
 */
public record NewTodo(Title title, boolean completed) {}
