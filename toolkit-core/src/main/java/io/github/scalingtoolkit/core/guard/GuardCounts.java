package io.github.scalingtoolkit.core.guard;

import org.jspecify.annotations.Nullable;

/**
 * The counts of a guard at one moment.
 *
 * @param window the calls by which the breaker decides
 * @param bulkhead the calls in progress; null if they are not bounded
 * @param retries the outcomes of idempotent calls since the guard was built
 */
public record GuardCounts(Window window, @Nullable Bulkhead bulkhead, Retries retries) {
  /**
   * The calls in the breaker's window.
   *
   * @param size how many calls or seconds the window holds
   * @param successful calls that succeeded
   * @param failed calls that failed
   * @param slowSuccessful of those that succeeded, the slow ones
   * @param slowFailed of those that failed, the slow ones
   * @param failureRate in percent; -1 while there are fewer calls than the minimum
   * @param slowCallRate in percent; -1 while there are fewer calls than the minimum
   */
  public record Window(
      int size,
      int successful,
      int failed,
      int slowSuccessful,
      int slowFailed,
      double failureRate,
      double slowCallRate) {}

  /**
   * The calls in progress.
   *
   * @param limit how many there may be
   * @param available how many more there may be right now
   * @param waiting how many callers wait for a place, as {@link GuardBuilder#bulkhead(int, java.time.Duration)} lets
   *     them
   */
  public record Bulkhead(int limit, int available, int waiting) {}

  /**
   * Idempotent calls by how they ended.
   *
   * @param successfulWithoutRetry succeeded at once
   * @param successfulWithRetry succeeded after a retry
   * @param failedWithoutRetry failed and were not made again
   * @param failedWithRetry failed after a retry
   * @param retries retries made
   * @param stoppedByBudget retries not made because the budget was used up
   * @param budget retries that the budget would allow right now
   */
  public record Retries(
      long successfulWithoutRetry,
      long successfulWithRetry,
      long failedWithoutRetry,
      long failedWithRetry,
      long retries,
      long stoppedByBudget,
      long budget) {}
}
