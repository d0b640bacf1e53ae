package io.github.scalingtoolkit.cache;

import org.jspecify.annotations.Nullable;

/**
 * A value and where it came from.
 *
 * @param value what the loader returned, now or earlier; null if it returned null (a negative entry)
 * @param outcome where it came from
 */
public record Cached<V>(@Nullable V value, Outcome outcome) {}
