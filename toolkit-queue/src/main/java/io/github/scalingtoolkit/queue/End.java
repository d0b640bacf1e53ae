package io.github.scalingtoolkit.queue;

import java.time.Duration;
import java.util.List;

/** How a claim ends, on its way to Redis. */
record End(Claim claim, char outcome, Duration delay, String note) {
  private static final int MOST_NOTE = 200;

  static End completed(Claim claim) {
    return new End(claim, 'c', Duration.ZERO, "");
  }

  static End retry(Claim claim, Duration delay) {
    return new End(claim, 'r', delay, "");
  }

  static End snooze(Claim claim, Duration delay) {
    return new End(claim, 's', delay, "");
  }

  /** Not this worker's fault nor the job's: again after {@code delay}, for a worker that knows it. */
  static End unreadable(Claim claim, Duration delay) {
    return new End(claim, 'u', delay, "");
  }

  static End dead(Claim claim, String why) {
    String note = why.length() > MOST_NOTE ? why.substring(0, MOST_NOTE) : why;
    return new End(claim, 'd', Duration.ZERO, note);
  }

  static End back(Claim claim) {
    return new End(claim, 'b', Duration.ZERO, "");
  }

  void addTo(List<byte[]> args) {
    args.add(Scripts.bytes(claim.id().value()));
    args.add(Scripts.bytes(claim.epoch()));
    args.add(Scripts.bytes(String.valueOf(outcome)));
    args.add(Scripts.bytes(Math.max(1, delay.toMillis())));
    args.add(Scripts.bytes(note));
  }
}
