package io.github.scalingtoolkit.queue;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.Instant;
import java.util.List;

/**
 * When a schedule is due and what becomes of missed runs, as Redis keeps it: {@code t=timing m=policy}, escaped. The script
 * compares the first field.
 */
record SchedulePlan(Timing timing, MissedRuns missed) {
  /**
   * What is to be done about a slot that is due.
   *
   * @param run the slots to enqueue, the oldest first
   * @param next the first slot that is not due
   */
  record Due(List<Instant> run, Instant next) {
    /** Returns whether the slot that was due first is left out. */
    boolean leavesOut(Instant slot) {
      return run.isEmpty() || run.get(0).isAfter(slot);
    }
  }

  String text() {
    return "t=" + escaped(timing.text()) + " m=" + escaped(missed.text());
  }

  private static String escaped(String text) {
    return Texts.escaped(text.getBytes(UTF_8));
  }

  /**
   * Reads {@link #text}.
   *
   * @throws IllegalArgumentException if this process cannot read it, because a newer one wrote it, or knows another time
   *     zone; the message says why
   */
  static SchedulePlan read(String text) {
    String[] fields = text.split(" ", -1);
    if (fields.length != 2 || !fields[0].startsWith("t=") || !fields[1].startsWith("m=")) {
      throw new IllegalArgumentException(
          text.isEmpty() ? "what Redis holds of it is damaged" : "its plan has another form");
    }
    return new SchedulePlan(
        Timing.read(new String(Texts.unescaped(fields[0].substring(2)), UTF_8)),
        MissedRuns.read(new String(Texts.unescaped(fields[1].substring(2)), UTF_8)));
  }

  /** Decides about {@code slot}, which is due by the clock of Redis, which says {@code now}. */
  Due due(Instant slot, Instant now) {
    return new Due(missed.of(timing, slot, now), timing.next(now));
  }
}
