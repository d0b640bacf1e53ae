package io.github.scalingtoolkit.todo.domain;

import java.time.Instant;

/**
 * An owed notification: kept inside its todo's document from the write that created the todo until the job ends.
 *
 * @param jobId the job it is enqueued as, however often
 * @param userId the receiver
 * @param createdAt when it was written
 */
public record OutboxEntry(JobId jobId, UserId userId, Instant createdAt) {

  /** Returns the todo of the notification. */
  public TodoId todoId() {
    return jobId.todoId();
  }
}
