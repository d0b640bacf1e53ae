package io.github.scalingtoolkit.benchmarks.verify;

/** How much of the contract a service is held to. */
public enum Level {
  /** What the tutorial's requests show: status codes and the shape of bodies. */
  TUTORIAL,
  /** All that this project's service adds: headers, problem JSON, caching, freshness, job status. */
  FULL
}
