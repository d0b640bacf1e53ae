package io.github.scalingtoolkit.benchmarks.scale;

import java.util.Map;

/** Where lists come from. */
public enum CacheMode {
  /** MongoDB, each time. */
  OFF("off", Map.of("CACHE_TTL", "off")),
  /** Redis. */
  L2("L2", Map.of("CACHE_LOCAL", "off")),
  /** The process' memory, and Redis behind it. */
  L1_L2("L1+L2", Map.of());

  private final String word;
  private final Map<String, String> settings;

  CacheMode(String word, Map<String, String> settings) {
    this.word = word;
    this.settings = settings;
  }

  /** Returns it as reports write it. */
  public String word() {
    return word;
  }

  /** Returns the settings of the service that make it so. */
  public Map<String, String> settings() {
    return settings;
  }
}
