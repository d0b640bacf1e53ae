package io.github.scalingtoolkit.queue;

import java.time.Duration;
import java.util.Collection;
import org.jspecify.annotations.Nullable;

/**
 * Where an {@link Outbox} keeps the jobs that are owed: beside the data that owe them, so that one atomic write makes both
 * or neither. How an entry gets there is between the store and who writes the data.
 *
 * <p>Implementations are safe for use by several threads, and may block. An interrupt during a call may fail it. What they
 * throw means "not now": the outbox comes again.
 */
public interface OutboxStore {
  /**
   * Returns jobs that have been owed for longer than {@code age}, a page at a time, in an order that does not change while
   * there are pages.
   *
   * @param age by the clock of this process; negative for entries from the future of it, too
   * @param most about how many jobs to return
   * @param after {@link OutboxPage#next} of the page before; null for the first
   */
  OutboxPage owed(Duration age, int most, @Nullable String after);

  /** Removes the entries of {@code jobs}; what is not there is no failure. */
  void remove(Collection<JobId> jobs);
}
