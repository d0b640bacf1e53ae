package io.github.scalingtoolkit.queue;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A page of owed jobs.
 *
 * @param jobs the jobs, each with the id that it has at every enqueue ({@link EnqueueOptions#id})
 * @param next pass it as {@code after} for the next page; null if this was the last
 */
public record OutboxPage(List<NewJob<?>> jobs, @Nullable String next) {
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
}
