package io.github.scalingtoolkit.cache;

/** Where the value that a get returned came from. */
public enum Outcome {
  /** From this process' own memory: no round trip. */
  L1_HIT,
  /** From Redis: one round trip. */
  L2_HIT,
  /** From the loader, because there was no entry; loaded by this call or by one that it waited for. */
  LOADED,
  /**
   * From the loader, because the cache could not or must not answer: Redis is out of reach, the key is being written, or
   * another process' load took too long to wait for. Nothing was stored.
   */
  BYPASS
}
