package io.github.scalingtoolkit.queue;

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
    if (!name.matches("[A-Za-z0-9._-]{1,64}")) {
      throw new IllegalArgumentException(
          "a job type's name must be 1 to 64 letters, digits, dots, dashes or underscores but was '"
              + name + "'");
    }
  }

  /** Returns the type {@code name} with payloads of class {@code payload}. */
  public static <P> JobType<P> of(String name, Class<P> payload) {
    return new JobType<>(name, payload);
  }
}
