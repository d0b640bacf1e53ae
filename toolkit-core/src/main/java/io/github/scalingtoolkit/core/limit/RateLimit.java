package io.github.scalingtoolkit.core.limit;

import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A policy: {@code permits} in each {@code period}, all of which may be used at once.
 *
 * @param name its name in the RateLimit headers: 1 to 32 lower-case letters, digits or dashes
 * @param permits 1 to 1,000,000,000
 * @param period 1 ms to 31 days, and long enough for each permit to be worth at least a nanosecond
 */
public record RateLimit(String name, int permits, Duration period) {
  private static final Pattern FORM = Pattern.compile("([0-9]{1,10})/([0-9]{1,6})(ms|s|m|h|d)");
  private static final int MOST_PERMITS = 1_000_000_000;

  /**
   * Checks the bounds.
   *
   * @throws IllegalArgumentException if a value is out of bounds
   */
  public RateLimit {
    checkName(name);
    if (permits < 1 || permits > MOST_PERMITS) {
      throw new IllegalArgumentException(
          "permits must be 1 to " + MOST_PERMITS + " but was " + permits);
    }
    if (period.toMillis() < 1 || period.toDays() > 31) {
      throw new IllegalArgumentException("period must be 1 ms to 31 days but was " + period);
    }
    if (period.toNanos() / permits < 1) {
      throw new IllegalArgumentException(
          permits + " permits in " + period + " is more than one a nanosecond");
    }
  }

  /**
   * Reads {@code permits/period}, such as {@code 1000/1m} or {@code 100/15m}; units are ms, s, m, h and d.
   *
   * @throws IllegalArgumentException if the text has another form or a value is out of bounds
   */
  public static RateLimit parse(String name, String text) {
    Matcher matcher = FORM.matcher(text.strip());
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "a rate limit must look like 1000/1m (permits/period) but was '" + text + "'");
    }
    long permits = Long.parseLong(matcher.group(1));
    if (permits > MOST_PERMITS) {
      throw new IllegalArgumentException(
          "permits must be 1 to " + MOST_PERMITS + " but was " + permits);
    }
    long amount = Long.parseLong(matcher.group(2));
    Duration period = switch (matcher.group(3)) {
      case "ms" -> Duration.ofMillis(amount);
      case "s" -> Duration.ofSeconds(amount);
      case "m" -> Duration.ofMinutes(amount);
      case "h" -> Duration.ofHours(amount);
      default -> Duration.ofDays(amount);
    };
    return new RateLimit(name, (int) permits, period);
  }

  static void checkName(String name) {
    if (!name.matches("[a-z0-9-]{1,32}")) {
      throw new IllegalArgumentException(
          "name must be 1 to 32 lower-case letters, digits or dashes but was '" + name + "'");
    }
  }

  /** Returns the policy of one of {@code replicas} processes that count for themselves: at least one permit. */
  RateLimit share(int replicas) {
    return new RateLimit(name, Math.max(1, permits / replicas), period);
  }

  /** Returns what a permit is worth, in whole nanoseconds, rounded up so that no sum of them is too little. */
  long permitNanos() {
    return (period.toNanos() + permits - 1) / permits;
  }

  /** Returns what a permit is worth in microseconds, rounded up to a multiple of 1/32 so that sums are exact. */
  double permitMicros() {
    return Math.ceil(period.toNanos() / 1000.0 * 32 / permits) / 32;
  }

  /**
   * Returns the value of the {@code RateLimit-Policy} header, such as {@code "api";q=1000;w=60}; without {@code w} where
   * the period is not a whole number of seconds, because the header allows only those.
   */
  public String policyHeader() {
    boolean whole = period.toNanosPart() == 0;
    return "\"" + name + "\";q=" + permits + (whole ? ";w=" + period.toSeconds() : "");
  }
}
