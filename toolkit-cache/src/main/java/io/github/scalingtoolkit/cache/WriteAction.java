package io.github.scalingtoolkit.cache;

import org.jspecify.annotations.Nullable;

/** A write to the database, with a result. */
@FunctionalInterface
public interface WriteAction<R extends @Nullable Object, X extends Exception> {
  /** Writes and commits. */
  R run() throws X;
}
