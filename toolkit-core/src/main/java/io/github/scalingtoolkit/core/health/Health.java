package io.github.scalingtoolkit.core.health;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How a process was at the last look.
 *
 * @param status DOWN if a required check is down, else DEGRADED if an optional one is, else UP
 * @param checks each check by itself, in the order they were added
 */
public record Health(Status status, List<Check> checks) {
  /** Copies the list. */
  public Health {
    checks = List.copyOf(checks);
  }

  /** How well something is. */
  public enum Status {
    /** Well. */
    UP,
    /** Serving, with something that is not needed for it missing. */
    DEGRADED,
    /** Not serving. */
    DOWN
  }

  /**
   * One dependency.
   *
   * @param name its name
   * @param required whether the process cannot serve without it
   * @param up whether it answered
   * @param message why it is not up: for people, without secrets; null if it is up
   * @param since how long it has been like this
   */
  public record Check(
      String name, boolean required, boolean up, @Nullable String message, Duration since) {}
}
