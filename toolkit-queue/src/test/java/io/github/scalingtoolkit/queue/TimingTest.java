package io.github.scalingtoolkit.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class TimingTest {
  private static final String PARIS = "Europe/Paris";

  private static Instant at(String local, String zone) {
    return LocalDateTime.parse(local).atZone(ZoneId.of(zone)).toInstant();
  }

  /** Slots after {@code from} and before {@code to}, in UTC. */
  private static List<String> slots(Timing timing, Instant from, Instant to) {
    List<String> slots = new ArrayList<>();
    for (Instant slot = timing.next(from); slot.isBefore(to); slot = timing.next(slot)) {
      slots.add(slot.toString());
    }
    return slots;
  }

  private static String next(String line, String from) {
    return Timing.cron(line, "UTC").next(Instant.parse(from)).toString();
  }

  @Test
  void fiveFieldsAreMinutesAndSixBeginWithSeconds() {
    assertThat(next("30 8 * * *", "2026-12-01T08:29:59.999Z")).isEqualTo("2026-12-01T08:30:00Z");
    assertThat(next("30 8 * * *", "2026-12-01T08:30:00Z")).isEqualTo("2026-12-02T08:30:00Z");
    assertThat(next("*/20 * * * * *", "2026-12-01T08:29:40Z")).isEqualTo("2026-12-01T08:30:00Z");
    assertThat(next("*/20 * * * * *", "2026-12-01T08:29:39.5Z")).isEqualTo("2026-12-01T08:29:40Z");
    assertThat(next("* * * * * *", "2026-12-01T08:29:59.999Z")).isEqualTo("2026-12-01T08:30:00Z");
  }

  @Test
  void daysHaveNamesAndLastOnes() {
    assertThat(next("0 8 * * MON-FRI", "2026-12-04T08:00:00Z")).isEqualTo("2026-12-07T08:00:00Z");
    assertThat(next("0 8 * * 0", "2026-12-01T00:00:00Z")).isEqualTo("2026-12-06T08:00:00Z");
    assertThat(next("0 8 * * 7", "2026-12-01T00:00:00Z")).isEqualTo("2026-12-06T08:00:00Z");
    assertThat(next("0 8 * JAN,MAR *", "2026-12-01T00:00:00Z")).isEqualTo("2027-01-01T08:00:00Z");
    assertThat(next("0 8 L * *", "2027-02-01T00:00:00Z")).isEqualTo("2027-02-28T08:00:00Z");
    assertThat(next("0 8 15W * *", "2026-11-01T00:00:00Z")).isEqualTo("2026-11-16T08:00:00Z");
    assertThat(next("0 8 * * FRI#2", "2026-12-01T00:00:00Z")).isEqualTo("2026-12-11T08:00:00Z");
    assertThat(next("0 8 * * 5L", "2026-12-01T00:00:00Z")).isEqualTo("2026-12-25T08:00:00Z");
    assertThat(next("0 0 29 2 *", "2096-03-01T00:00:00Z")).isEqualTo("2104-02-29T00:00:00Z");
  }

  @Test
  void aDayIsMeantIfItIsOneOfBothDays() {
    Timing timing = Timing.cron("0 0 13 * FRI", "UTC");

    assertThat(slots(
            timing, Instant.parse("2026-12-01T00:00:00Z"), Instant.parse("2026-12-20T00:00:00Z")))
        .containsExactly(
            "2026-12-04T00:00:00Z",
            "2026-12-11T00:00:00Z",
            "2026-12-13T00:00:00Z",
            "2026-12-18T00:00:00Z");
  }

  /** Reports: kelektiv/node-cron#563, rundeck#6879, xen-orchestra#4024. */
  @Test
  void aTimeThatClocksLeaveOutIsDueWhenTheyHaveJumped() {
    Instant from = at("2027-03-28T00:00:00", PARIS);
    Instant to = at("2027-03-29T02:00:00", PARIS);

    assertThat(slots(Timing.cron("30 2 * * *", PARIS), from, to))
        .containsExactly("2027-03-28T01:00:00Z");
    assertThat(slots(Timing.cron("0,30 2,3 * * *", PARIS), from, to))
        .as("at once, not twice; then as ever")
        .containsExactly("2027-03-28T01:00:00Z", "2027-03-28T01:30:00Z");
    assertThat(slots(Timing.cron("* * 2 * * *", PARIS), from, to))
        .containsExactly("2027-03-28T01:00:00Z");
  }

  @Test
  void aTimeThatComesTwiceIsDueTheFirstTime() {
    Instant from = at("2027-10-31T00:00:00", PARIS);
    Instant to = at("2027-11-01T02:00:00", PARIS);

    assertThat(slots(Timing.cron("30 2 * * *", PARIS), from, to))
        .containsExactly("2027-10-31T00:30:00Z");
    assertThat(slots(Timing.cron("*/30 2 * * *", PARIS), from, to))
        .containsExactly("2027-10-31T00:00:00Z", "2027-10-31T00:30:00Z");
    assertThat(slots(Timing.cron("0 3 * * *", PARIS), from, to))
        .containsExactly("2027-10-31T02:00:00Z");
    // Asked in the middle of the second time, as by a worker that starts then.
    assertThat(Timing.cron("30 2 * * *", PARIS).next(Instant.parse("2027-10-31T01:10:00Z")))
        .isEqualTo("2027-11-01T01:30:00Z");
  }

  /** Reports: cron-plus#108, where a line of each minute stood still for an hour; cron-utils#112 and #253. */
  @Test
  void aLineOfEachHourGoesOnThroughBothChanges() {
    Timing timing = Timing.cron("*/30 * * * *", PARIS);

    assertThat(slots(
            timing, Instant.parse("2027-10-30T23:45:00Z"), Instant.parse("2027-10-31T02:15:00Z")))
        .containsExactly(
            "2027-10-31T00:00:00Z",
            "2027-10-31T00:30:00Z",
            "2027-10-31T01:00:00Z",
            "2027-10-31T01:30:00Z",
            "2027-10-31T02:00:00Z");
    assertThat(slots(
            timing, Instant.parse("2027-03-28T00:15:00Z"), Instant.parse("2027-03-28T01:45:00Z")))
        .containsExactly("2027-03-28T00:30:00Z", "2027-03-28T01:00:00Z", "2027-03-28T01:30:00Z");
    assertThat(slots(
            Timing.cron("0 * 28 3 *", PARIS),
            at("2027-03-28T00:00:00", PARIS),
            at("2028-03-28T02:30:00", PARIS)))
        .as("22 hours of that day and 3 of a year later, over two changes")
        .hasSize(22 + 3);
  }

  /** Report: Hexagon/croner#132: where the day begins at 01:00, a whole day was skipped. */
  @Test
  void aMidnightThatIsLeftOutLosesNoDay() {
    Timing timing = Timing.cron("0 0 * * *", "America/Santiago");

    assertThat(slots(
            timing, Instant.parse("2025-09-06T00:00:00Z"), Instant.parse("2025-09-09T00:00:00Z")))
        .containsExactly("2025-09-06T04:00:00Z", "2025-09-07T04:00:00Z", "2025-09-08T03:00:00Z");
  }

  /** Report: cronie#218: a weekly line came a week late over the change. */
  @Test
  void aWeeklyLineKeepsItsHourOverAChange() {
    Timing timing = Timing.cron("0 12 * * SUN", "Europe/Berlin");

    assertThat(slots(
            timing,
            at("2027-03-25T12:00:00", "Europe/Berlin"),
            at("2027-04-05T00:00:00", "Europe/Berlin")))
        .containsExactly("2027-03-28T10:00:00Z", "2027-04-04T10:00:00Z");
  }

  @Test
  void changesOfHalfAnHourAndOfAWholeDayAreFollowed() {
    assertThat(slots(
            Timing.cron("*/30 * * * *", "Australia/Lord_Howe"),
            Instant.parse("2027-04-03T14:15:00Z"),
            Instant.parse("2027-04-03T15:45:00Z")))
        .containsExactly("2027-04-03T14:30:00Z", "2027-04-03T15:00:00Z", "2027-04-03T15:30:00Z");
    assertThat(slots(
            Timing.cron("0 12 * * *", "Pacific/Apia"),
            Instant.parse("2011-12-29T00:00:00Z"),
            Instant.parse("2011-12-31T00:00:00Z")))
        .as("30 December was left out there")
        .containsExactly("2011-12-29T22:00:00Z", "2011-12-30T10:00:00Z", "2011-12-30T22:00:00Z");
  }

  @Test
  void everyNextSlotIsLaterAndNoneIsPassedOver() {
    Random random = new Random(17);
    List<String> zones = List.of(
        PARIS, "America/New_York", "Australia/Lord_Howe", "America/Santiago", "UTC", "+05:30");
    for (String line :
        List.of("*/15 * * * *", "30 2 * * *", "0 1,2,3 * * *", "0 */2 * * *", "59 23 L * *")) {
      for (String zone : zones) {
        Timing timing = Timing.cron(line, zone);
        Instant start =
            Instant.parse("2027-01-01T00:00:00Z").plusSeconds(random.nextInt(86_400 * 365));
        Instant slot = timing.next(start);
        for (int i = 0; i < 100; i++) {
          Instant next = timing.next(slot);
          assertThat(next).as("%s after %s", timing, slot).isAfter(slot);
          Instant between =
              slot.plusSeconds(random.nextLong(Duration.between(slot, next).toSeconds()));
          assertThat(timing.next(between)).as("%s after %s", timing, between).isEqualTo(next);
          slot = next;
        }
      }
    }
  }

  /** What a line means, told minute by minute. */
  @Test
  void linesMeanWhatEachMinuteOfTheirDaysSays() {
    Random random = new Random(4);
    Instant start = Instant.parse("2027-02-20T00:00:00Z");
    int minutes = 14 * 24 * 60;
    for (int i = 0; i < 120; i++) {
      boolean days = random.nextBoolean();
      String line = String.join(
          " ",
          field(random, 0, 59),
          field(random, 0, 23),
          days ? field(random, 1, 31) : "*",
          random.nextInt(3) > 0 ? "*" : "2,3",
          days ? "*" : field(random, 0, 6));
      String[] fields = line.split(" ");
      List<String> expected = new ArrayList<>();
      for (int minute = 1; minute < minutes; minute++) {
        LocalDateTime at = LocalDateTime.ofInstant(start, ZoneOffset.UTC).plusMinutes(minute);
        if (has(fields[0], 0, at.getMinute())
            && has(fields[1], 0, at.getHour())
            && has(fields[2], 1, at.getDayOfMonth())
            && has(fields[3], 1, at.getMonthValue())
            && has(fields[4], 0, at.getDayOfWeek().getValue() % 7)) {
          expected.add(at.toInstant(ZoneOffset.UTC).toString());
        }
      }
      List<String> found =
          slots(Timing.cron(line, "UTC"), start, start.plus(Duration.ofMinutes(minutes)));

      assertThat(found).as(line).isEqualTo(expected);
    }
  }

  private static String field(Random random, int least, int most) {
    int low = least + random.nextInt(most - least);
    int high = low + random.nextInt(most - low + 1);
    return switch (random.nextInt(6)) {
      case 0 -> "*";
      case 1 -> "*/" + (1 + random.nextInt(most / 2));
      case 2 -> low + "-" + high;
      case 3 -> low + "-" + high + "/" + (1 + random.nextInt(4));
      case 4 -> low + "," + high;
      default -> Integer.toString(low);
    };
  }

  /** Steps of a star are counted from the field's least value. */
  private static boolean has(String field, int least, int value) {
    return Stream.of(field.split(",")).anyMatch(part -> {
      String[] step = part.split("/");
      String[] range = step[0].split("-");
      boolean star = step[0].equals("*");
      int low = star ? least : Integer.parseInt(range[0]);
      int high = star ? Integer.MAX_VALUE : Integer.parseInt(range[range.length - 1]);
      int by = step.length == 1 ? 1 : Integer.parseInt(step[1]);
      return value >= low && value <= high && (value - low) % by == 0;
    });
  }

  @Test
  void refusesALineThatNeverFires() {
    for (String line : List.of("0 0 30 2 *", "0 0 31 4,6,9,11 *", "0 0 0 31 2 *")) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> Timing.cron(line, "UTC"))
          .withMessage("cron line \"" + line + "\" never fires: no date is as its fields want it");
    }
  }

  @Test
  void refusesAZoneThatDoesNotExist() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Timing.cron("0 8 * * *", "Europe/Pariss"))
        .withMessage(
            "there is no time zone \"Europe/Pariss\" in this JVM: use a name of the time zone database, like"
                + " Europe/Paris, or UTC");
    assertThatIllegalArgumentException().isThrownBy(() -> Timing.cron("0 8 * * *", ""));
    assertThatIllegalArgumentException().isThrownBy(() -> Timing.cron("0 8 * * *", "UTC|x\n"));
  }

  @Test
  void refusesWhatIsNoCronLine() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Timing.cron("0 8 * *", "UTC"))
        .withMessageContaining("\"0 8 * *\" has 4 in 7");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Timing.cron("", "UTC"))
        .withMessageContaining("has 0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Timing.cron("1".repeat(300) + " * * * *", "UTC"))
        .withMessageContaining("at most 200 characters");
    for (String line : List.of(
        "60 * * * *",
        "* 24 * * *",
        "* * 0 * *",
        "* * 32 * *",
        "* * * 13 *",
        "* * * * 8",
        "* * * * XXX",
        "*/0 * * * *",
        "-1 * * * *",
        "5-1 * * * *",
        "1,,2 * * * *",
        "a * * * *",
        "@daily * * * *",
        "99999999999 * * * *",
        "* * * * * 1 2",
        "60 * * * * *",
        "* * ? * *x",
        "*/-5 * * * *",
        "1/ * * * *",
        "*- * * * *")) {
      assertThatThrownBy(() -> Timing.cron(line, "UTC"))
          .as(line)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining(line.strip());
    }
  }

  /** A line comes from a user: whatever it is, it is refused with a message or has a next slot, soon. */
  @Test
  void noLineMakesItFailInAnotherWayOrHang() {
    Random random = new Random(42);
    String parts = "0123456789*/,-LW#?MONJAN ";
    int read = 0;
    for (int i = 0; i < 3000; i++) {
      StringBuilder line = new StringBuilder();
      for (int field = 0; field < 5; field++) {
        line.append(field > 0 ? " " : "");
        if (random.nextInt(3) > 0) {
          line.append(Stream.of("*", "0", "1", "5", "1-3", "*/2", "1,2", "L")
              .skip(random.nextInt(8))
              .findFirst()
              .orElseThrow());
        } else {
          int length = 1 + random.nextInt(4);
          random.ints(length, 0, parts.length()).forEach(at -> line.append(parts.charAt(at)));
        }
      }
      try {
        Timing timing = Timing.cron(line.toString(), PARIS);
        Instant now = Instant.parse("2026-12-01T00:00:00Z");
        assertThat(timing.next(now)).as(line.toString()).isAfter(now);
        read++;
      } catch (IllegalArgumentException refused) {
        assertThat(refused.getMessage()).contains("cron line");
      }
    }
    assertThat(read).isGreaterThan(200);
  }

  @Test
  void intervalsAreCountedFrom1970OrTheirFirstSlot() {
    Instant now = Instant.parse("2026-12-01T10:03:00.001Z");

    assertThat(Timing.every(Duration.ofMinutes(5)).next(now)).isEqualTo("2026-12-01T10:05:00Z");
    assertThat(Timing.every(Duration.ofDays(1)).next(now)).isEqualTo("2026-12-02T00:00:00Z");
    Timing from = Timing.every(Duration.ofDays(7), Instant.parse("2026-12-03T06:00:00Z"));
    assertThat(from.next(now)).isEqualTo("2026-12-03T06:00:00Z");
    assertThat(from.next(from.next(now))).isEqualTo("2026-12-10T06:00:00Z");
  }

  @Test
  void refusesIntervalsThatAreOutOfBounds() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Timing.every(Duration.ofMillis(999)))
        .withMessage("interval must be 1 s to 3650 d but was PT0.999S");
    assertThatIllegalArgumentException().isThrownBy(() -> Timing.every(Duration.ofDays(3651)));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Timing.every(Duration.ofSeconds(1).plusNanos(1)))
        .withMessageContaining("whole milliseconds");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Timing.every(Duration.ofDays(1), Instant.parse("1969-12-31T00:00:00Z")))
        .withMessageContaining("first must be from 1970 on");
  }

  @Test
  void isReadAgainAsItWasWritten() {
    for (Timing timing : List.of(
        Timing.cron("0  8 * * MON-FRI", PARIS),
        Timing.cron("*/10 0 8 * * *", "+01:00"),
        Timing.every(Duration.ofSeconds(90)),
        Timing.every(Duration.ofDays(1), Instant.parse("2026-12-03T06:00:00Z")))) {
      assertThat(Timing.read(timing.text())).isEqualTo(timing).hasSameHashCodeAs(timing);
    }
    assertThat(Timing.cron("0 8 * * MON-FRI", PARIS)).hasToString("0 8 * * MON-FRI Europe/Paris");
  }
}
