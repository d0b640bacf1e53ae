package io.github.scalingtoolkit.queue;

/**
 * How many bytes of jobs a claim may bring, and how many its time allows for.
 *
 * <p>A claim that was not answered in time is followed by one of half as many bytes, down to a single job. Its jobs come
 * back with a beat, which tells how large they are: the next claims get the time for that, and twice as much each time
 * that was not enough. Answered claims undo both step by step.
 *
 * <p>Safe for use by several threads.
 */
final class ClaimSize {
  static final int MOST_BYTES = 1 << 20;

  /** More than Redis holds in one string, and so in one job. */
  static final int MOST_EXPECTED = 1 << 30;

  private static final int STEPS = 16;

  private int bytes = MOST_BYTES;
  private int expected = MOST_BYTES;

  /** Returns how many bytes of jobs a claim may bring: with the job that reaches it, none is added. */
  synchronized int bytes() {
    return bytes;
  }

  /** Returns how many bytes the claim's time should allow for. */
  synchronized int expected() {
    return expected;
  }

  /** The claim was not answered in time. */
  synchronized void timedOut() {
    bytes = Math.max(1, bytes / 2);
  }

  /** Jobs came back that a claim took and nobody was told of, the largest of this size. */
  synchronized void cameBack(long largest) {
    long needed = largest > expected ? largest : 2L * expected;
    expected = largest == 0 ? expected : (int) Math.min(MOST_EXPECTED, needed);
  }

  /** The claim was answered. */
  synchronized void answered() {
    bytes = Math.min(MOST_BYTES, bytes + MOST_BYTES / STEPS);
    expected = Math.max(MOST_BYTES, expected - expected / STEPS);
  }
}
