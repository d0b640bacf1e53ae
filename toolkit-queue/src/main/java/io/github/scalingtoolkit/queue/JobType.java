package io.github.scalingtoolkit.queue;

import io.github.scalingtoolkit.core.internal.Check;
import java.util.Objects;

/**
 * A kind of job: its name and version between processes, and how its payload is written. Share one constant between
 * producer and worker; Redis stores the name and the version, never a class.
 * Two are equal if name, version and codec are; codecs of JSON are if they write the same class by the same mapper.
 *
 * <p>Immutable; each method that takes a value returns another type.
 *
 * @param <P> the payload
 * @param name 1 to 64 letters, digits, dots, dashes or underscores
 * @param version of the payload's form, 1 to 999,999. A worker is given payloads of its own version and of older ones; a
 *     job of a newer version waits for a newer worker. Raise it when older workers would misread a payload
 * @param codec writes and reads payloads
 */
public record JobType<P>(String name, int version, PayloadCodec<P> codec) {
  private static final int LAST_VERSION = 999_999;

  /**
   * Checks the form.
   *
   * @throws IllegalArgumentException if the name has another form or the version is out of bounds
   */
  public JobType {
    Check.name("a job type's name", name);
    if (version < 1 || version > LAST_VERSION) {
      throw new IllegalArgumentException("the version of job type " + name + " must be 1 to "
          + LAST_VERSION + " but was " + version);
    }
    Objects.requireNonNull(codec, "codec");
  }

  /** Returns version 1 of the type {@code name} with payloads of class {@code payload}, written as JSON. */
  public static <P> JobType<P> of(String name, Class<P> payload) {
    return of(name, PayloadCodec.json(payload));
  }

  /** Returns version 1 of the type {@code name} with payloads written by {@code codec}. */
  public static <P> JobType<P> of(String name, PayloadCodec<P> codec) {
    return new JobType<>(name, 1, codec);
  }

  /** Returns this type in another version of its payload. */
  public JobType<P> version(int version) {
    return new JobType<>(name, version, codec);
  }

  /** Returns this type with payloads written by another codec. */
  public JobType<P> codec(PayloadCodec<P> codec) {
    return new JobType<>(name, version, codec);
  }

  /** Shows name and version. */
  @Override
  public String toString() {
    return name + " v" + version;
  }
}
