package io.github.scalingtoolkit.todo.cluster;

import io.github.scalingtoolkit.core.lifecycle.Loop;
import io.github.scalingtoolkit.core.limit.ClientAddress;
import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.todo.http.HttpConfig;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** The balancer of a cluster before services that somebody else runs, probed as its workers are. */
public final class BalancedPorts implements AutoCloseable {
  private static final Duration TURN = Duration.ofMillis(200);

  private final List<WorkerProcess> workers = new ArrayList<>();
  private final Balancer balancer;
  private final Loop loop;

  /** Where a service is: its public port, and its admin port. */
  public record Ports(int port, int adminPort) {}

  private BalancedPorts(int size) {
    balancer = new Balancer(HttpConfig.at("public", "127.0.0.1", 0), size, ClientAddress.behind());
    Prober prober = new Prober(Clock.system());
    loop = new Loop("prober", () -> {
      prober.probe(workers);
      return TURN;
    });
  }

  /** Starts it, and returns once each service has said that it is ready. */
  public static BalancedPorts before(List<Ports> services) throws IOException {
    BalancedPorts balanced = new BalancedPorts(services.size());
    for (Ports service : services) {
      WorkerProcess worker = BalancerTest.announcing(service.port(), service.adminPort());
      balanced.workers.add(worker);
      Await.until("the worker has said where it is", () -> worker.address().isPresent());
      balanced.balancer.add(worker);
    }
    balanced.balancer.start();
    balanced.loop.start();
    Await.until("each is ready", () -> balanced.workers.stream().allMatch(WorkerProcess::isReady));
    return balanced;
  }

  /** Returns the balancer's port. */
  public int port() {
    return balancer.port();
  }

  @Override
  public void close() {
    loop.close();
    balancer.stop();
    workers.forEach(WorkerProcess::kill);
  }
}
