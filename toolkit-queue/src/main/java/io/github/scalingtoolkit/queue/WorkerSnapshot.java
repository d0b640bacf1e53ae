package io.github.scalingtoolkit.queue;

import java.time.Instant;
import java.util.List;

/**
 * A worker of a queue at one moment.
 *
 * @param name its process' id on its machine, and a random part
 * @param types the types that it handles, sorted; none once its jobs are taken over
 * @param leaseEnds when its jobs are taken over unless it renews its lease, by the clock of Redis
 * @param jobs how many jobs it holds
 * @param idle whether it has free slots and nothing to run
 */
public record WorkerSnapshot(
    String name, List<String> types, Instant leaseEnds, int jobs, boolean idle) {
  /** Copies the types. */
  public WorkerSnapshot {
    types = List.copyOf(types);
  }
}
