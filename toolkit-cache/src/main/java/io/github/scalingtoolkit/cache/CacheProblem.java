package io.github.scalingtoolkit.cache;

/**
 * Why a cache serves less than it promises. Each is one WARN in the log when it begins, which names the cure, and one
 * line when it has not been met for a minute; each time it is met, {@link CacheListener#onProblem} is told.
 */
public enum CacheProblem {
  /** Bytes cannot be decoded, in Redis or right after they were encoded: a miss, and nothing is stored in the second case. */
  UNDECODABLE,
  /** A value cannot be encoded: it is returned and not stored. */
  UNENCODABLE,
  /** A value that was encoded and decoded encodes to other bytes: readers may get something else than was loaded. */
  UNFAITHFUL,
  /** A value is larger than the cache stores: it is returned and not stored. */
  TOO_LARGE,
  /** A load took longer than its lease lasted: its value is returned and not stored. */
  LEASE_ENDED,
  /** A key held what is no entry of a cache: it counts as a miss and is replaced. */
  FOREIGN,
  /** Redis refuses a command: for want of a right, because it is full, or because it does not know it. */
  REFUSED,
  /** Redis refuses to publish invalidations: the memory of other processes is not told of writes. */
  UNPUBLISHED
}
