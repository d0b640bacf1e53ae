package io.github.scalingtoolkit.queue;

import io.github.scalingtoolkit.core.guard.RejectedException;
import io.github.scalingtoolkit.core.lifecycle.Loop;
import java.time.Duration;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.exceptions.JedisException;

/** By one blocking command for all queues, which on a cluster must be one queue: their keys lie in several slots else. */
final class BlockingCalls implements Calls {
  private static final Logger log = LoggerFactory.getLogger(BlockingCalls.class);

  private final List<Station> stations;
  private final Waiter waiter;
  private final Loop waiting;
  private final String logName;

  BlockingCalls(List<Station> stations) {
    this.stations = List.copyOf(stations);
    waiter = new Waiter(stations);
    logName = stations.get(0).queue().logName();
    waiting = new Loop("queue-" + logName + "-waiter", waiter::turn, this::failed);
  }

  @Override
  public void start() {
    waiting.start();
  }

  @Override
  public void idle() {
    waiting.wake();
  }

  private void failed(Throwable failure) {
    // For any reason (closed, UNBLOCKED, READONLY, LOADING): a step finds out.
    stations.forEach(Station::called);
    log.debug("queue={} waiting=failed cause={}", logName, failure.getClass().getName());
  }

  /** A waiter left behind would take the next wake-up call: it is called until it has ended, and the calls are put back. */
  @Override
  public void close() {
    waiting.close();
    try {
      for (int i = 0; i < 100 && !waiting.awaitEnd(Duration.ofMillis(10)); i++) {
        waiter.call();
      }
      waiter.call();
    } catch (JedisException | RejectedException unreachable) {
      log.debug(
          "queue={} closing=without-redis cause={}",
          logName,
          unreachable.getClass().getName());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
