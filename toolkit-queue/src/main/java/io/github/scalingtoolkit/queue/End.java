package io.github.scalingtoolkit.queue;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How a claim ends, on its way to Redis.
 *
 * @param outcome as in {@code step.lua}
 * @param where as there
 * @param text as there
 * @param failure what went wrong with the run, for the listener; null if nothing did
 */
record End(
    Claim claim,
    char outcome,
    String where,
    Duration delay,
    String text,
    @Nullable Throwable failure) {
  private static final int MOST_NOTE = 200;

  private End(Claim claim, char outcome, String where, Duration delay, String text) {
    this(claim, outcome, where, delay, text, null);
  }

  /** Returns it with what the listener is to hear of, once this end holds. */
  End because(Throwable failure) {
    return new End(claim, outcome, where, delay, text, failure);
  }

  static End completed(Claim claim) {
    String text = claim.trouble().kept() ? Integer.toString(claim.attempt()) : "";
    return new End(claim, 'c', kind(claim), Duration.ZERO, text);
  }

  /** Failed; {@code failure} is kept of it. */
  static End retry(Claim claim, Duration delay, String failure) {
    return new End(claim, 'r', "", delay, claim.trouble().failed().text() + "\n" + failure);
  }

  static End snooze(Claim claim, Duration delay) {
    return new End(claim, 's', "", delay, claim.trouble().ended().text());
  }

  /** Not this worker's fault nor the job's: again after {@code delay}, for a worker that knows it. */
  static End unreadable(Claim claim, Duration delay) {
    return new End(claim, 'u', "", delay, claim.trouble().text());
  }

  /** Failed for good; {@code failure} is kept of it. */
  static End dead(Claim claim, String why, String failure) {
    return ended(claim, 'd', claim.attempt(), why, "\n" + failure);
  }

  /** What is stored under its id is not a job. */
  static End damaged(Claim claim) {
    return ended(claim, 'd', claim.attempt(), "the bytes stored under this id are not a job", "");
  }

  /** Its deadline was over before it ran. */
  static End expired(Claim claim) {
    return ended(claim, 'x', claim.attempt() - 1, "its deadline was over before it ran", "");
  }

  /** Failed, and its deadline leaves no time for another attempt. */
  static End expired(Claim claim, String why, String failure) {
    return ended(claim, 'x', claim.attempt(), why, "\n" + failure);
  }

  private static End ended(
      Claim claim, char outcome, int attempts, String why, String lineOfFailure) {
    String line = why.replaceAll("\\p{Cntrl}", " ");
    String note = line.length() > MOST_NOTE ? line.substring(0, MOST_NOTE) : line;
    return new End(
        claim, outcome, kind(claim), Duration.ZERO, attempts + "|" + note + lineOfFailure);
  }

  static End back(Claim claim) {
    return new End(claim, 'b', claim.list(), Duration.ZERO, claim.trouble().text());
  }

  private static String kind(Claim claim) {
    return claim.envelope().hasGivenId() ? "c" : "g";
  }

  void addTo(List<byte[]> args) {
    args.add(claim.key());
    args.add(Scripts.bytes(claim.epoch()));
    args.add(Scripts.bytes(String.valueOf(outcome)));
    args.add(Scripts.bytes(where));
    args.add(Scripts.bytes(Math.max(1, delay.toMillis())));
    args.add(Scripts.bytes(text));
  }
}
