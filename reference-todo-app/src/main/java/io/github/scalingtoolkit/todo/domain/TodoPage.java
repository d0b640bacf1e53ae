package io.github.scalingtoolkit.todo.domain;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Part of a user's todos, oldest first.
 *
 * @param todos the todos
 * @param next pass it as {@code after} for the next page; null if this was the last
 */
public record TodoPage(List<Todo> todos, @Nullable TodoId next) {
  /** Copies {@code todos}. */
  public TodoPage {
    todos = List.copyOf(todos);
  }
}
