package io.github.scalingtoolkit.cache;

/** What a write or an evict does when its invalidation cannot reach Redis. Reads always go on, by the loader. */
public enum OnUnreachable {
  /**
   * Goes on. This process bypasses the key until the invalidation has been replayed; other processes that still reach
   * Redis may serve the old value until its time to live ends.
   */
  BYPASS,
  /**
   * Throws {@link CacheUnreachableException}: a write before anything was written, an evict after it has been noted for
   * replay. Where only the answer was lost, readers may bypass the key until the write lifetime has passed.
   */
  REFUSE
}
