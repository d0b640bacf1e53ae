package io.github.scalingtoolkit.benchmarks.callers;

import java.util.Locale;

/** What each caller does again and again. Keys hold 64 bytes. */
enum Operation {
  GET,
  SET,
  EVALSHA,
  MGET;

  /** Reads a key and returns it: as short as a script can be. */
  static final String SCRIPT = "return redis.call('GET', KEYS[1])";

  static final String VALUE = "v".repeat(64);

  String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
