package io.github.scalingtoolkit.queue;

import com.cronutils.model.definition.CronDefinition;
import com.cronutils.model.definition.CronDefinitionBuilder;
import com.cronutils.model.time.ExecutionTime;
import com.cronutils.parser.CronParser;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.time.zone.ZoneOffsetTransition;
import java.time.zone.ZoneRules;
import java.util.Optional;

/**
 * A cron line in a time zone.
 *
 * <p>The library finds the next local time of the line, in a calendar without changes of clocks; which instant that is,
 * is decided here. A line for each hour is followed through each offset of the zone in turn. For any other line a local time
 * stands for the first instant at which clocks show it, or, if they never do, for the one at which they jumped over it.
 */
final class CronLine extends Timing {
  private static final int LONGEST = 200;

  /** Slots are looked for from here on, to find whether there is any. */
  private static final Instant SOME_TIME = Instant.parse("2024-01-01T00:00:00Z");

  private static final Duration MOMENT = Duration.ofNanos(1);

  private final String line;
  private final ZoneId zone;
  private final ExecutionTime times;
  private final boolean eachHour;

  private CronLine(String line, ZoneId zone, ExecutionTime times, boolean eachHour) {
    this.line = line;
    this.zone = zone;
    this.times = times;
    this.eachHour = eachHour;
  }

  static CronLine of(String text, String zone) {
    String line = text.strip().replaceAll("\\s+", " ");
    String[] fields = line.split(" ");
    if (fields.length < 5 || fields.length > 6 || line.length() > LONGEST) {
      throw new IllegalArgumentException(
          "a cron line must have five fields (minute, hour, day of the month, month, day of"
              + " the week) or six (seconds first) in at most " + LONGEST + " characters, but "
              + shown(line) + " has "
              + (line.isEmpty() ? 0 : fields.length) + " in " + line.length());
    }
    ZoneId known = zone(zone);
    ExecutionTime times;
    try {
      times = ExecutionTime.forCron(
          new CronParser(definition(fields.length == 6)).parse(line).validate());
    } catch (RuntimeException refused) {
      throw new IllegalArgumentException(
          "cron line " + shown(line) + " cannot be read: " + refused.getMessage(), refused);
    }
    String hours = fields[fields.length - 4];
    CronLine cron = new CronLine(line, known, times, hours.equals("*") || hours.equals("*/1"));
    try {
      cron.next(SOME_TIME);
    } catch (RuntimeException never) {
      throw new IllegalArgumentException(
          "cron line " + shown(line) + " never fires: no date is as its fields want it", never);
    }
    return cron;
  }

  private static ZoneId zone(String zone) {
    try {
      return ZoneId.of(zone);
    } catch (DateTimeException unknown) {
      throw new IllegalArgumentException(
          "there is no time zone " + shown(zone)
              + " in this JVM: use a name of the time zone database, like Europe/Paris, or UTC",
          unknown);
    }
  }

  private static String shown(String text) {
    return Texts.quoted(text.length() > LONGEST ? text.substring(0, LONGEST) : text);
  }

  private static CronDefinition definition(boolean seconds) {
    CronDefinitionBuilder fields = CronDefinitionBuilder.defineCron();
    if (seconds) {
      fields.withSeconds().withValidRange(0, 59).withStrictRange().and();
    }
    return fields
        .withMinutes()
        .withValidRange(0, 59)
        .withStrictRange()
        .and()
        .withHours()
        .withValidRange(0, 23)
        .withStrictRange()
        .and()
        .withDayOfMonth()
        .withValidRange(1, 31)
        .supportsL()
        .supportsW()
        .supportsLW()
        .withStrictRange()
        .and()
        .withMonth()
        .withValidRange(1, 12)
        .withStrictRange()
        .and()
        .withDayOfWeek()
        .withValidRange(0, 7)
        .withMondayDoWValue(1)
        .withIntMapping(7, 0)
        .supportsHash()
        .supportsL()
        .withStrictRange()
        .and()
        .instance();
  }

  @Override
  public Instant next(Instant time) {
    return eachHour ? nextOfEachHour(time) : nextOfSomeHours(time);
  }

  private Instant nextOfEachHour(Instant time) {
    ZoneRules rules = zone.getRules();
    Instant from = time;
    while (true) {
      ZoneOffset offset = rules.getOffset(from);
      Instant slot = nextLocal(LocalDateTime.ofInstant(from, offset)).toInstant(offset);
      ZoneOffsetTransition change = rules.nextTransition(from);
      if (change == null || slot.isBefore(change.getInstant())) {
        return slot;
      }
      // The local time at which the other offset begins may be a slot itself.
      ZoneOffset after = change.getOffsetAfter();
      LocalDateTime begin = change.getDateTimeAfter();
      Instant first = nextLocal(begin.minus(MOMENT)).toInstant(after);
      ZoneOffsetTransition further = rules.nextTransition(change.getInstant());
      if (further == null || first.isBefore(further.getInstant())) {
        return first;
      }
      from = further.getInstant().minus(MOMENT);
    }
  }

  private Instant nextOfSomeHours(Instant time) {
    LocalDateTime local = LocalDateTime.ofInstant(time, zone);
    ZoneOffsetTransition overlap = zone.getRules().getTransition(local);
    if (overlap != null && overlap.isOverlap() && !time.isBefore(overlap.getInstant())) {
      // Clocks show this for the second time: all of it was due the first time.
      local = overlap.getDateTimeBefore().minus(MOMENT);
    }
    Instant slot;
    do {
      local = nextLocal(local);
      slot = instant(local);
    } while (!slot.isAfter(time));
    return slot;
  }

  private Instant instant(LocalDateTime local) {
    ZoneOffsetTransition change = zone.getRules().getTransition(local);
    if (change != null && change.isGap()) {
      return change.getInstant();
    }
    return ZonedDateTime.ofLocal(local, zone, null).withEarlierOffsetAtOverlap().toInstant();
  }

  private LocalDateTime nextLocal(LocalDateTime local) {
    Optional<ZonedDateTime> next =
        times.nextExecution(local.truncatedTo(ChronoUnit.SECONDS).atZone(ZoneOffset.UTC));
    return next.orElseThrow(() -> new IllegalArgumentException(this + " does not fire any more"))
        .toLocalDateTime();
  }

  @Override
  String text() {
    return "cron " + zone.getId() + " " + line;
  }

  @Override
  public String toString() {
    return line + " " + zone.getId();
  }
}
