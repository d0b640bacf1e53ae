package io.github.scalingtoolkit.core;

import org.jspecify.annotations.Nullable;

/**
 * An operation on a given object, such as a client, a lease or a key, that may fail, with a result.
 *
 * <p>An {@link InterruptedException} passes through undeclared, as with {@link Action}.
 *
 * @param <A> what it is given
 * @param <T> what it returns; {@code null} only if {@code T} is nullable
 * @param <E> what it may throw besides unchecked exceptions, as in {@link Action}
 */
@FunctionalInterface
public interface ActionOn<A, T extends @Nullable Object, E extends Exception> {
  /** Does it. */
  T run(A given) throws E, InterruptedException;

  /**
   * An {@link ActionOn} without a result.
   *
   * @param <A> what it is given
   * @param <E> what it may throw besides unchecked exceptions
   */
  @FunctionalInterface
  interface Effect<A, E extends Exception> {
    /** Does it. */
    void run(A given) throws E, InterruptedException;
  }
}
