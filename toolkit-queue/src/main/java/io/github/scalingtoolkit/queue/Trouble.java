package io.github.scalingtoolkit.queue;

/**
 * What went wrong with a job so far, as Redis keeps it from its first failure on: {@code failures|losses|crashes|claim}.
 *
 * @param failures runs that failed
 * @param losses runs whose worker lost its lease, alive or not
 * @param crashes those of the losses whose worker was not seen again, since the last run that ended
 */
record Trouble(int failures, int losses, int crashes) {
  static final Trouble NONE = new Trouble(0, 0, 0);

  /** Reads what Redis keeps; something else, from an operator's hand, is no trouble. */
  static Trouble read(String text) {
    String[] parts = text.split("\\|", 4);
    try {
      return parts.length < 3
          ? NONE
          : new Trouble(
              Integer.parseInt(parts[0]), Integer.parseInt(parts[1]), Integer.parseInt(parts[2]));
    } catch (NumberFormatException notANumber) {
      return NONE;
    }
  }

  /** Returns which run the next one is, from 1. */
  int attempt() {
    return failures + losses + 1;
  }

  /** Returns this after a run that failed. */
  Trouble failed() {
    return new Trouble(failures + 1, losses, 0);
  }

  /** Returns this after a run that ended in another way. */
  Trouble ended() {
    return new Trouble(failures, losses, 0);
  }

  /** Returns what Redis keeps of it: nothing if nothing went wrong. */
  String text() {
    return failures + losses + crashes == 0 ? "" : failures + "|" + losses + "|" + crashes + "|";
  }
}
