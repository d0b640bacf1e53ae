package io.github.scalingtoolkit.queue;

import io.github.scalingtoolkit.core.internal.Check;
import java.time.Duration;
import java.time.Instant;

/**
 * When a {@link Schedule} is due: by a cron line in a time zone, or again after an interval. Each such instant is a slot.
 *
 * <p>A timing has no state: every process works out the same slots, whenever it starts. Two are equal if they were made in
 * the same way. Immutable, and safe for use by several threads.
 */
public abstract sealed class Timing permits CronLine, Interval {
  Timing() {}

  /**
   * Returns the timing of a cron line, by the clock on the wall in {@code zone}.
   *
   * <p>Five fields: minute, hour, day of the month, month, day of the week. Six: seconds before them. A field has {@code *},
   * a number, a list ({@code 1,15}), a range ({@code MON-FRI}) or a step ({@code *}{@code /5}); months and days of the week
   * have English names of three letters, and Sunday is 0 or 7. A day of the month may be {@code L}, the last one, or {@code
   * 15W}, the weekday next to the 15th; a day of the week may be {@code 5L}, the last Friday of the month, or {@code
   * FRI#2}, the second one. If both days are given, a day that is one of them is meant.
   *
   * <p><b>When clocks change</b>: a line whose hour is {@code *} goes on through the hour that comes twice, and has no slot
   * in the one that is left out. Any other line runs as often as on any other day: a time that comes twice counts the first
   * time, and times that are left out are due at once when the clock has jumped, as one slot.
   *
   * @param line at most 200 characters
   * @param zone a name of the time zone database, {@code Europe/Paris}, or an offset, {@code +01:00}; {@code UTC}
   * @throws IllegalArgumentException if the line has another form or never fires, or this JVM knows no such zone; the
   *     message says what is wrong
   */
  public static Timing cron(String line, String zone) {
    return CronLine.of(line, zone);
  }

  /**
   * Returns a timing whose slots are the whole multiples of {@code interval} since 1970 began in UTC: every 5 minutes is
   * at 10:00, 10:05 and so on, every day is at midnight UTC.
   *
   * @param interval 1 s to 3650 days, in whole milliseconds
   * @throws IllegalArgumentException if it is out of bounds
   */
  public static Timing every(Duration interval) {
    return every(interval, Instant.EPOCH);
  }

  /**
   * As {@link #every(Duration)}, counted from {@code first}, which is the first slot.
   *
   * @param first 1970 to the year 9999, in whole milliseconds
   * @throws IllegalArgumentException if it or {@code interval} is out of bounds
   */
  public static Timing every(Duration interval, Instant first) {
    Check.between("interval", interval, Duration.ofSeconds(1), Duration.ofDays(3650));
    if (interval.getNano() % 1_000_000 != 0 || first.getNano() % 1_000_000 != 0) {
      throw new IllegalArgumentException(
          "interval and first must be whole milliseconds but were " + interval + " and " + first);
    }
    return new Interval(interval, EnqueueOptions.epoch("first", first));
  }

  /** Returns the first slot after {@code time}; that itself is none. No round trip. */
  public abstract Instant next(Instant time);

  /** Returns it as Redis keeps it. */
  abstract String text();

  /**
   * Reads {@link #text}.
   *
   * @throws IllegalArgumentException if this process cannot read it; the message says why
   */
  static Timing read(String text) {
    String[] parts = text.split(" ", 3);
    if (parts.length == 3 && parts[0].equals("cron")) {
      return CronLine.of(parts[2], parts[1]);
    }
    if (parts.length == 3 && parts[0].equals("every")) {
      return every(
          Duration.ofMillis(Long.parseLong(parts[1])),
          Instant.ofEpochMilli(Long.parseLong(parts[2])));
    }
    throw new IllegalArgumentException("its timing is neither cron nor every");
  }

  @Override
  public final boolean equals(Object other) {
    return other instanceof Timing timing && timing.text().equals(text());
  }

  @Override
  public final int hashCode() {
    return text().hashCode();
  }
}
