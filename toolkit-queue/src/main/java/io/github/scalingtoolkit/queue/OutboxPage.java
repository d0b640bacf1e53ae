package io.github.scalingtoolkit.queue;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A page of owed jobs.
 *
 * @param jobs the jobs, each with the id that it has at every enqueue ({@link EnqueueOptions#id})
 * @param unreadable how many entries of the page are not among them, because they cannot be read
 * @param oldest how long the oldest entry of the page has been owed, by the clock of this process; zero if there is none, or
 *     the store does not tell
 * @param next pass it as {@code after} for the next page; null if this was the last
 */
public record OutboxPage(
    List<NewJob<?>> jobs,
    int unreadable,
    Duration oldest,
    @Nullable String next) {
  /**
   * Copies {@code jobs}.
   *
   * @throws IllegalArgumentException if one has no id
   */
  public OutboxPage {
    jobs = List.copyOf(jobs);
    for (NewJob<?> job : jobs) {
      if (job.options().id().isEmpty()) {
        throw new IllegalArgumentException(
            "an owed job of type " + job.type() + " has no id: options.id(…)");
      }
    }
  }

  /** Makes one of a store that reads all its entries, and does not tell their age. */
  public OutboxPage(List<NewJob<?>> jobs, @Nullable String next) {
    this(jobs, 0, Duration.ZERO, next);
  }
}
