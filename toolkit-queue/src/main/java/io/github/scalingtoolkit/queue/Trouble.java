package io.github.scalingtoolkit.queue;

/**
 * What went wrong with a job so far, as Redis keeps it from its first failure or snooze on:
 * {@code failures|losses|crashes|} and then the claim that was lost last, or {@code @} and the time at which it was due last.
 *
 * @param failures runs that failed
 * @param losses runs whose worker lost its lease, alive or not
 * @param crashes those of the losses whose worker was not seen again, since the last run that ended
 * @param kept whether Redis keeps something
 */
record Trouble(int failures, int losses, int crashes, boolean kept) {
  static final Trouble NONE = new Trouble(0, 0, 0, false);

  /** Nothing went wrong, but Redis keeps something: a time, or what an operator has written. */
  private static final Trouble NONE_KEPT = new Trouble(0, 0, 0, true);

  /** Reads what Redis keeps; something else, from an operator's hand, is no trouble. */
  static Trouble read(String text) {
    String[] parts = text.split("\\|", 4);
    try {
      return parts.length < 3
          ? text.isEmpty() ? NONE : NONE_KEPT
          : new Trouble(
              Integer.parseInt(parts[0]),
              Integer.parseInt(parts[1]),
              Integer.parseInt(parts[2]),
              true);
    } catch (NumberFormatException notANumber) {
      return NONE_KEPT;
    }
  }

  /** Returns which run the next one is, from 1. */
  int attempt() {
    return failures + losses + 1;
  }

  /** Returns this after a run that failed. */
  Trouble failed() {
    return new Trouble(failures + 1, losses, 0, true);
  }

  /** Returns this after a run that ended in another way. */
  Trouble ended() {
    return new Trouble(failures, losses, 0, kept);
  }

  /** Returns what Redis keeps of it, but for the claim or time: nothing if it keeps nothing. */
  String text() {
    return !kept ? "" : failures + "|" + losses + "|" + crashes + "|";
  }
}
