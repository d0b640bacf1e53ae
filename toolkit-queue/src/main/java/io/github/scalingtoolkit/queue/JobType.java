package io.github.scalingtoolkit.queue;

import io.github.scalingtoolkit.core.internal.Check;

/**
 * A kind of job: its payload's class and its name between processes. Share one constant between producer and
 * worker; Redis stores the name, not the class.
 *
 * @param <P> the payload, written and read as JSON
 * @param name 1 to 64 letters, digits, dots, dashes or underscores
 * @param payload the payload's class
 */
public record JobType<P>(String name, Class<P> payload) {
  /**
   * Checks the name.
   *
   * @throws IllegalArgumentException if it has another form
   */
  public JobType {
    Check.name("a job type's name", name);
  }

  /** Returns the type {@code name} with payloads of class {@code payload}. */
  public static <P> JobType<P> of(String name, Class<P> payload) {
    return new JobType<>(name, payload);
  }
}
