package io.github.scalingtoolkit.cache;

/** Thrown when an invalidation could not reach Redis and the cache has {@link OnUnreachable#REFUSE}. */
public final class CacheUnreachableException extends CacheException {
  private static final long serialVersionUID = 1L;

  private final String cache;

  CacheUnreachableException(String cache, String what, Throwable cause) {
    super(
        "cache " + cache + " cannot reach Redis to invalidate an entry: " + what + " ("
            + cause.getClass().getSimpleName()
            + "); try again later, or build the cache with onUnreachable(BYPASS)",
        cause);
    this.cache = cache;
  }

  /** Returns the name of the cache. */
  public String cache() {
    return cache;
  }
}
