package io.github.scalingtoolkit.benchmarks.scale;

import java.net.URI;
import java.util.List;

/**
 * A service that runs and can be loaded.
 *
 * @param url where it is asked
 * @param token what it takes for a user's token
 * @param pids its processes, without the stores; of replicas in their order
 * @param queue where the jobs of its creates are
 * @param children what ends it
 */
public record Target(
    URI url, String token, List<Long> pids, Jobs.Queue queue, List<Runnable> children)
    implements AutoCloseable {
  @Override
  public void close() {
    children.forEach(Runnable::run);
  }
}
