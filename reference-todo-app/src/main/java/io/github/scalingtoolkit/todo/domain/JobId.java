package io.github.scalingtoolkit.todo.domain;

import java.util.Optional;

/**
 * The id of a todo's notification job: {@code n-} and the todo's id.
 *
 * <p>It is derived, not random, for two reasons. Enqueuing twice has the effect of once, whether done by the request
 * or by the sweeper after Redis was lost. And the owner of a job is known for as long as its todo is, from the todo's
 * document, even when the outbox entry is gone and Redis has lost the job.
 *
 * @param todoId the todo of the job
 */
public record JobId(TodoId todoId) {
  private static final String PREFIX = "n-";

  /** Returns the id of {@code todo}'s notification. */
  public static JobId of(TodoId todo) {
    return new JobId(todo);
  }

  /** Reads an id that a client sent, exactly as it was issued; empty if it is not an id. */
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
