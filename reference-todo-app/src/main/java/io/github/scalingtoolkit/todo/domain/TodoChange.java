package io.github.scalingtoolkit.todo.domain;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A checked change of a todo: what is null stays as it is.
 *
 * @param title the new title, or null
 * @param completed whether it is done from now on, or null
 * @param order its new place, or null
 * @param withoutOrder whether its place goes; {@code order} is then null
 */
public record TodoChange(
    @Nullable Title title,
    @Nullable Boolean completed,
    @Nullable Double order,
    boolean withoutOrder) {

  /** Returns the change that leaves nothing of what users decide as it was. */
  public static TodoChange replacingAll(NewTodo by) {
    return new TodoChange(by.title(), by.completed(), by.order(), by.order() == null);
  }

  /** Returns {@code todo} as it is after this change at {@code now}. */
  public Todo apply(Todo todo, Instant now) {
    return new Todo(
        todo.id(),
        title == null ? todo.title() : title.text(),
        completed == null ? todo.completed() : completed,
        order != null ? order : withoutOrder ? null : todo.order(),
        todo.userId(),
        todo.createdAt(),
        now);
  }
}
