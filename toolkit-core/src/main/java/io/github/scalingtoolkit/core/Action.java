package io.github.scalingtoolkit.core;

import org.jspecify.annotations.Nullable;

/**
 * Does something that may fail, and returns what came of it.
 *
 * <p>What it throws passes through to the caller unwrapped: a lambda that throws a checked exception makes the method
 * that takes it throw that one, and a lambda that throws none makes it throw none.
 *
 * <p>An {@link InterruptedException} passes through as well, but the compiler asks nobody to declare it. If it were part
 * of {@code E}, a lambda that also throws an {@link java.io.IOException}, such as one that calls {@code HttpClient.send},
 * would have {@code E} inferred as {@link Exception}, which is all that the two have in common. A method that wants to
 * tell its callers declares it.
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
