package io.github.scalingtoolkit.cache;

/**
 * Callbacks for what a cache does, for metrics and tests. Every method does nothing unless overridden.
 *
 * <p>Called on the threads of the cache's callers, by several at a time. They must return quickly. What they throw is logged once and fails nothing.
 */
public interface CacheListener {
  /** A value was returned; for {@code getAll}, once for each key. */
  default void onGet(Outcome outcome) {}

  /** A loader ran for this long, and returned or threw. */
  default void onLoad(long nanos, boolean succeeded) {}

  /** A loaded value was stored in Redis, or not: the lease was gone or Redis out of reach. */
  default void onFill(boolean stored) {}

  /** A write or an evict reached Redis, or was noted in the journal because it could not. */
  default void onInvalidation(boolean reached) {}

  /** An invalidation from the journal has reached Redis. */
  default void onReplay() {}

  /** The cache serves less than it promises, for this reason; each time. */
  default void onProblem(CacheProblem problem) {}
}
