package io.github.scalingtoolkit.benchmarks.scale;

import io.github.scalingtoolkit.benchmarks.report.Cell;
import java.io.IOException;
import java.util.List;

/**
 * A row of a session: how its service is started, and what is asked of it.
 *
 * @param row its name
 * @param cache its cache's name
 * @param filled whether it answers with a list from its start
 * @param expectedCache what {@code X-Cache} must say of a list that was read before; empty if the service does not say
 * @param parts of the session's time that are its own, beside the others': more for more processes, which take longer to
 *     be compiled, and for more scenarios
 * @param scenarios what is asked, in this order: a create makes lists longer, so it comes last
 * @param start starts it on a database of the given name
 */
record Entry(
    String row,
    String cache,
    boolean filled,
    String expectedCache,
    int parts,
    List<Scenario> scenarios,
    Start start) {

  /** Starts a service. */
  @FunctionalInterface
  interface Start {
    Target on(String database) throws IOException, InterruptedException, NotRunException;
  }

  /** What is asked. */
  enum Scenario {
    HEALTH("health"),
    LIST("list"),
    /** The same in the open model, at half of the rate that was just seen: how long callers wait. */
    LIST_AT_HALF_LOAD("list at half load"),
    CREATE("create");

    private final String word;

    Scenario(String word) {
      this.word = word;
    }
  }

  Cell cell(Scenario scenario) {
    return new Cell(row, cache, scenario.word);
  }
}
