package io.github.scalingtoolkit.queue;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * All that is known of one job but its payload.
 *
 * @param snapshot where it is
 * @param type the name of its type; empty once it has ended
 * @param version of its payload's form; 0 once it has ended
 * @param priority 0 to 9; -1 once it has ended
 * @param maxAttempts how often it may fail; 0 once it has ended
 * @param payloadBytes the size of its payload; 0 once it has ended
 * @param enqueuedAt when it was enqueued, by the clock of the process that did so; empty once it has ended
 * @param due when it becomes ready, if it is delayed or retried
 * @param deadline from when on it is useless, if there is such a time
 * @param headers what it was enqueued with
 * @param worker the worker that runs it
 * @param failures its latest failed runs, as {@link QueueInspector#failures} returns them
 */
public record JobHistory(
    JobSnapshot snapshot,
    String type,
    int version,
    int priority,
    int maxAttempts,
    long payloadBytes,
    Optional<Instant> enqueuedAt,
    Optional<Instant> due,
    Optional<Instant> deadline,
    Map<String, String> headers,
    Optional<String> worker,
    List<JobFailure> failures) {
  /** Copies headers and failures. */
  public JobHistory {
    headers = Map.copyOf(headers);
    failures = List.copyOf(failures);
  }
}
