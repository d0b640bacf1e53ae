package io.github.scalingtoolkit.benchmarks.load;

import java.util.Locale;

/** Who decides when a request is sent. */
public sealed interface Model {
  /** Returns how many connections there are, each with at most one request in progress. */
  int connections();

  /** Each connection sends again as soon as it has its answer: shows what a server can do, and hides how long callers wait. */
  record Closed(int connections) implements Model {
    public Closed {
      requireConnections(connections);
    }

    @Override
    public String toString() {
      return "closed, " + connections + " connections";
    }
  }

  /**
   * Requests fall due at a constant rate, answered or not: shows how long callers wait.
   *
   * @param perSecond how many fall due, more than 0
   */
  record Open(double perSecond, int connections) implements Model {
    public Open {
      if (!(perSecond > 0)) {
        throw new IllegalArgumentException("perSecond must be > 0 but was " + perSecond);
      }
      requireConnections(connections);
    }

    @Override
    public String toString() {
      return String.format(Locale.ROOT, "open, %.0f/s over %d connections", perSecond, connections);
    }
  }

  private static void requireConnections(int connections) {
    if (connections < 1 || connections > 10_000) {
      throw new IllegalArgumentException("connections must be 1 to 10000 but were " + connections);
    }
  }
}
