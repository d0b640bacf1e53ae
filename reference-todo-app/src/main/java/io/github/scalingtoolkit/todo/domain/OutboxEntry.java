package io.github.scalingtoolkit.todo.domain;

import java.time.Instant;

/**
 * A notification that is owed: kept inside its todo's document from the write that made the todo until the job ended.
 *
 * @param jobId the job it is enqueued as, however often
 * @param userId whom it is for
 * @param createdAt when it was written
 */
public record OutboxEntry(JobId jobId, UserId userId, Instant createdAt) {

  /** Returns the todo it tells of. */
  public TodoId todoId() {
    return jobId.todoId();
  }
}
