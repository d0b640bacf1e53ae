package io.github.scalingtoolkit.core.health;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The health of a process at the last check.
 *
 * @param status DOWN if a required check is down, else DEGRADED if an optional one is, else UP
 * @param checks each check, in the order they were added
 */
public record Health(Status status, List<Check> checks) {
  /** Copies the list. */
  public Health {
    checks = List.copyOf(checks);
  }

  /** The state of a process. */
  public enum Status {
    /** Healthy. */
    UP,
    /** Serving, but an optional dependency is down. */
    DEGRADED,
    /** Not serving. */
    DOWN
  }

  /**
   * One dependency.
   *
   * @param name its name
   * @param required whether the process cannot serve without it, now
   * @param up whether it answered
   * @param message why it is not up, for people and without secrets; null if it is up
   * @param since how long it has been in this state
   */
  public record Check(
      String name, boolean required, boolean up, @Nullable String message, Duration since) {}
}
