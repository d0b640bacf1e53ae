package io.github.scalingtoolkit.todo.domain;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A page of owed notifications.
 *
 * @param entries the entries
 * @param next pass it as {@code after} for the next page; null if this was the last
 */
public record OutboxPage(
    List<OutboxEntry> entries, @Nullable TodoId next) {
  /** Copies {@code entries}. */
  public OutboxPage {
    entries = List.copyOf(entries);
  }
}
