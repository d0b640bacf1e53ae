package io.github.scalingtoolkit.benchmarks.load;

/** What is read off a run. Each has rules of its own, because each is spoilt by other things. */
public enum Figure {
  /** Answers a second. */
  THROUGHPUT,
  /** How long callers wait. */
  LATENCY,
  /** What the server's processes use for an answer. */
  CPU,
  /** What of the server's processes is resident. */
  MEMORY
}
