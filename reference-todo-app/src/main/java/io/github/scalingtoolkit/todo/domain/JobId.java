package io.github.scalingtoolkit.todo.domain;

import java.util.Optional;

/**
 * Names the notification job of one todo: {@code n-} and the todo's id.
 *
 * <p>It is derived, not drawn, for two reasons. Enqueuing twice is then enqueuing once, whoever does it: the request,
 * or the sweeper after Redis was lost. And the owner of a job is known for as long as its todo is, from the todo's
 * document, even when the outbox entry is gone and whether or not Redis still knows the job.
 *
 * @param todoId the todo the job tells of
 */
public record JobId(TodoId todoId) {
  private static final String PREFIX = "n-";

  /** Returns the id of {@code todo}'s notification. */
  public static JobId of(TodoId todo) {
    return new JobId(todo);
  }

  /** Reads an id that a client sent, exactly as it was given out; empty if it is none. */
  public static Optional<JobId> parse(String text) {
    if (!text.startsWith(PREFIX)) {
      return Optional.empty();
    }
    String hex = text.substring(PREFIX.length());
    return TodoId.parse(hex).filter(id -> id.hex().equals(hex)).map(JobId::new);
  }

  /** Returns the id as the queue, the outbox and clients know it. */
  public String text() {
    return PREFIX + todoId.hex();
  }

  @Override
  public String toString() {
    return text();
  }
}
