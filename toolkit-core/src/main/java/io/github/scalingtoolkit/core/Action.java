package io.github.scalingtoolkit.core;

import org.jspecify.annotations.Nullable;

/**
 * An operation that may fail, with a result.
 *
 * <p>Its exceptions pass through to the caller unwrapped: a lambda that throws a checked exception makes the method
 * that takes it throw that exception, and a lambda that throws none makes it throw none.
 *
 * <p>An {@link InterruptedException} passes through as well, but the compiler does not require its declaration. If it were part
 * of {@code E}, a lambda that also throws an {@link java.io.IOException}, such as one that calls {@code HttpClient.send},
 * would have {@code E} inferred as {@link Exception}, their common supertype. A method that wants to
 * tell its callers can declare it.
 *
 * @param <T> what it returns; {@code null} only if {@code T} is nullable
 * @param <E> what it may throw besides unchecked exceptions; inferred as {@link RuntimeException} where it throws none
 */
@FunctionalInterface
public interface Action<T extends @Nullable Object, E extends Exception> {
  /** Does it. */
  T run() throws E, InterruptedException;

  /**
   * An {@link Action} without a result.
   *
   * @param <E> what it may throw besides unchecked exceptions
   */
  @FunctionalInterface
  interface Effect<E extends Exception> {
    /** Does it. */
    void run() throws E, InterruptedException;
  }
}
