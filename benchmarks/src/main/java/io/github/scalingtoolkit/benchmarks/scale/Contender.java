package io.github.scalingtoolkit.benchmarks.scale;

import io.github.scalingtoolkit.benchmarks.report.Cache;
import io.github.scalingtoolkit.benchmarks.report.Cell;
import io.github.scalingtoolkit.benchmarks.report.Row;
import io.github.scalingtoolkit.benchmarks.report.Scenario;
import java.io.IOException;
import java.util.List;
import java.util.Set;

/**
 * A row of a group: how it is started, and what it can be asked.
 *
 * @param row who answers
 * @param cache where its lists come from
 * @param starts how many processes it starts: for the memory and the time that it needs
 * @param warms how many processes are cold when it is warmed: for the time that it needs
 * @param scenarios what it can be asked
 * @param start starts it
 */
record Contender(
    Row row, Cache cache, int starts, int warms, Set<Scenario> scenarios, Starter start) {

  /** Starts a row. */
  @FunctionalInterface
  interface Starter {
    /**
     * Starts it.
     *
     * @param database a name that is free in MongoDB; rows of the service in one group share it, as they share a Redis
     * @param running what was started before it in the group
     * @throws NotRunException if something is missing for it
     */
    Target start(String database, List<Target> running)
        throws IOException, InterruptedException, NotRunException;
  }

  Cell cell(Scenario scenario) {
    return new Cell(row, cache, scenario);
  }

  /** Returns the same that is asked {@code fewer} only. */
  Contender askedOnly(Set<Scenario> fewer) {
    return new Contender(row, cache, starts, warms, fewer, start);
  }

  @Override
  public String toString() {
    return row + ", cache " + cache.word();
  }
}
