package io.github.scalingtoolkit.benchmarks.report;

/** What is measured: one scenario on one row with one cache. */
public record Cell(Row row, Cache cache, Scenario scenario) {
  /** Returns the cell of the same row and cache for another scenario. */
  public Cell of(Scenario other) {
    return new Cell(row, cache, other);
  }

  /** Returns row and cache as a chart labels them. */
  String label() {
    return row.isOurs() && row.processes() == 0 ? row + ", " + cache.word() : row.name();
  }

  @Override
  public String toString() {
    return row + ", cache " + cache.word() + ", " + scenario.word();
  }
}
