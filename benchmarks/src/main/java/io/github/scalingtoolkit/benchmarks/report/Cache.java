package io.github.scalingtoolkit.benchmarks.report;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Map;

/** Where a row's lists come from. */
public enum Cache {
  /** MongoDB, each time. */
  OFF("off", Map.of("CACHE_TTL", "off")),
  /** Redis. */
  L2("L2", Map.of("CACHE_LOCAL", "off")),
  /** The process' memory, and Redis behind it. */
  L1_L2("L1+L2", Map.of()),
  /** A peer's own way. */
  OWN("own", Map.of()),
  /** Nowhere: the floor has nothing to cache. */
  NONE("none", Map.of());

  private final String word;
  private final Map<String, String> settings;

  Cache(String word, Map<String, String> settings) {
    this.word = word;
    this.settings = settings;
  }

  /** Returns it as reports and raw data write it. */
  @JsonValue
  public String word() {
    return word;
  }

  /** Returns the service's settings that make it so; none for a peer or the floor. */
  public Map<String, String> settings() {
    return settings;
  }

  /** Returns what {@code X-Cache} must say of a list that was read before; empty if nothing. */
  public String expectedHeader() {
    return switch (this) {
      case OFF -> "BYPASS";
      case L2, L1_L2 -> "HIT";
      case OWN, NONE -> "";
    };
  }
}
