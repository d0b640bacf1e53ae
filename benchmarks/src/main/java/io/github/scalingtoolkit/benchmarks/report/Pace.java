package io.github.scalingtoolkit.benchmarks.report;

/** How fast requests are sent. */
public enum Pace {
  /** The next follows its answer, on each connection: shows how many answers a row can give. */
  CAPACITY,
  /** At half of that rate, whether answered or not: shows how long callers wait. */
  HALF
}
