package io.github.scalingtoolkit.todo.domain;

import org.jspecify.annotations.Nullable;

/**
 * The checked input for a new todo.
 *
 * @param title its title
 * @param completed whether it is done already
 * @param order its place among others, a finite number; null for none
 */
public record NewTodo(
    Title title, boolean completed, @Nullable Double order) {
  /** Makes one without a place. */
  public NewTodo(Title title, boolean completed) {
    this(title, completed, null);
  }
}
