package io.github.scalingtoolkit.queue;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * What becomes of slots that nobody could enqueue in time, because no worker ran or Redis was out.
 *
 * <p>Immutable.
 */
public final class MissedRuns {
  /** Most jobs of one {@link #all}. */
  public static final int MOST = 100;

  /** So late a slot is not missed: workers look at schedules that often, and a machine may be slow. */
  static final Duration IN_TIME = Duration.ofSeconds(30);

  private static final MissedRuns SKIP = new MissedRuns("skip", 1);
  private static final MissedRuns LATEST = new MissedRuns("latest", 1);

  private final String kind;
  private final int most;

  private MissedRuns(String kind, int most) {
    this.kind = kind;
    this.most = most;
  }

  /** Leaves out every slot that is more than 30 s late. */
  public static MissedRuns skip() {
    return SKIP;
  }

  /** Of all slots that are due runs the latest, however late it is. The default. */
  public static MissedRuns latest() {
    return LATEST;
  }

  /**
   * Runs each slot that is due, but no more than the latest {@code most}; the oldest of them first.
   *
   * @param most 1 to {@value #MOST}
   * @throws IllegalArgumentException if it is out of bounds
   */
  public static MissedRuns all(int most) {
    if (most < 1 || most > MOST) {
      throw new IllegalArgumentException("most must be 1 to " + MOST + " but was " + most);
    }
    return new MissedRuns("all", most);
  }

  /**
   * Returns which slots are to be enqueued, the oldest first.
   *
   * @param slot the first one that is due
   */
  List<Instant> of(Timing timing, Instant slot, Instant now) {
    List<Instant> latest = latest(timing, slot, now);
    if (this == SKIP && latest.get(0).isBefore(now.minus(IN_TIME))) {
      return List.of();
    }
    return latest;
  }

  /** Goes back from now, ever further: after a long outage there may be very many of them. */
  private List<Instant> latest(Timing timing, Instant slot, Instant now) {
    for (Duration back = Duration.ofSeconds(1); ; back = back.multipliedBy(2)) {
      boolean first = !slot.isAfter(now.minus(back));
      Instant next = first ? timing.next(now.minus(back)) : slot;
      List<Instant> found = new ArrayList<>();
      while (!next.isAfter(now)) {
        found.add(next);
        next = timing.next(next);
      }
      if (found.size() >= most || !first) {
        return List.copyOf(found.subList(Math.max(0, found.size() - most), found.size()));
      }
    }
  }

  String text() {
    return this == SKIP || this == LATEST ? kind : kind + ":" + most;
  }

  /**
   * Reads {@link #text}.
   *
   * @throws IllegalArgumentException if this process cannot read it
   */
  static MissedRuns read(String text) {
    if (text.equals("skip")) {
      return SKIP;
    }
    if (text.equals("latest")) {
      return LATEST;
    }
    if (text.startsWith("all:")) {
      return all(Integer.parseInt(text.substring(4)));
    }
    throw new IllegalArgumentException("its policy for missed runs is not known");
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof MissedRuns policy && policy.text().equals(text());
  }

  @Override
  public int hashCode() {
    return text().hashCode();
  }

  @Override
  public String toString() {
    return text();
  }
}
