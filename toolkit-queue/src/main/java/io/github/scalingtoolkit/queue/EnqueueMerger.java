package io.github.scalingtoolkit.queue;

import io.github.scalingtoolkit.core.limit.SharedCalls;
import io.github.scalingtoolkit.core.limit.SharedCalls.Bounds;
import io.github.scalingtoolkit.core.limit.SharedCalls.Result;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;

/**
 * Lets single enqueues leave together: a caller that finds fewer than two calls under way goes at once; all others wait for
 * one of these calls to end, and the first of them takes the others along ({@link SharedCalls}). So nobody waits for company,
 * and a busy queue gets a few large calls.
 *
 * <p>What a call throws, it throws for all whose jobs it carried: each of them may or may not be in the queue then, as after
 * a call of its own. A caller with a deadline of its own goes alone, so that it cuts nobody else's call short, and so does
 * a large job. A caller that is interrupted sends all the same, alone or for others, and stays interrupted.
 *
 * <p>Safe for use by several threads.
 */
final class EnqueueMerger {
  private static final int MOST_CALLS = 2;
  private static final int MOST_JOBS = 256;

  /** So that a shared call stays a short one. */
  private static final int MOST_BYTES = 32 * 1024;

  /** A call ends by itself. A caller with a deadline has less time than this, and goes alone. */
  private static final Duration AS_LONG_AS_IT_TAKES = Duration.ofDays(3650);

  private final SharedCalls<JobQueue.Entry, Long> calls;

  EnqueueMerger(Function<List<JobQueue.Entry>, long[]> send) {
    calls = SharedCalls.of(
        entries -> Arrays.stream(send.apply(entries)).boxed().toList(),
        entry -> entry.envelope().length,
        new Bounds(MOST_CALLS, MOST_JOBS, MOST_BYTES, AS_LONG_AS_IT_TAKES, AS_LONG_AS_IT_TAKES));
  }

  /** Returns what became of the job, as in {@code enqueue.lua}. */
  long enqueue(JobQueue.Entry entry) {
    if (calls.call(entry) instanceof Result.Answered<Long> answered) {
      return answered.answer();
    }
    throw new IllegalStateException("a deadline of years has passed");
  }
}
