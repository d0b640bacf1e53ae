package io.github.scalingtoolkit.queue;

import java.time.Duration;
import java.util.List;

/**
 * How a claim ends, on its way to Redis.
 *
 * @param outcome as in {@code step.lua}
 * @param where as there
 * @param text as there
 */
record End(Claim claim, char outcome, String where, Duration delay, String text) {
  private static final int MOST_NOTE = 200;

  static End completed(Claim claim) {
    int attempt = claim.attempt();
    return new End(
        claim, 'c', kind(claim), Duration.ZERO, attempt == 1 ? "" : Integer.toString(attempt));
  }

  static End retry(Claim claim, Duration delay) {
    return new End(claim, 'r', "", delay, claim.trouble().failed().text());
  }

  static End snooze(Claim claim, Duration delay) {
    return new End(claim, 's', "", delay, claim.trouble().ended().text());
  }

  /** Not this worker's fault nor the job's: again after {@code delay}, for a worker that knows it. */
  static End unreadable(Claim claim, Duration delay) {
    return new End(claim, 'u', "", delay, claim.trouble().text());
  }

  static End dead(Claim claim, String why) {
    String note = why.length() > MOST_NOTE ? why.substring(0, MOST_NOTE) : why;
    return new End(claim, 'd', kind(claim), Duration.ZERO, claim.attempt() + "|" + note);
  }

  static End back(Claim claim) {
    return new End(claim, 'b', claim.list(), Duration.ZERO, claim.trouble().text());
  }

  private static String kind(Claim claim) {
    return claim.envelope().hasGivenId() ? "c" : "g";
  }

  void addTo(List<byte[]> args) {
    args.add(Scripts.bytes(claim.id().value()));
    args.add(Scripts.bytes(claim.epoch()));
    args.add(Scripts.bytes(String.valueOf(outcome)));
    args.add(Scripts.bytes(where));
    args.add(Scripts.bytes(Math.max(1, delay.toMillis())));
    args.add(Scripts.bytes(text));
  }
}
