package io.github.scalingtoolkit.todo.cluster;

import io.undertow.client.UndertowClient;
import io.undertow.server.handlers.proxy.ConnectionPoolErrorHandler.SimpleConnectionPoolErrorHandler;
import io.undertow.server.handlers.proxy.ConnectionPoolManager;
import io.undertow.server.handlers.proxy.ProxyConnectionPool;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.xnio.OptionMap;

/** A worker as the balancer sees it: its connections, and its requests in progress. */
final class Backend extends SimpleConnectionPoolErrorHandler implements ConnectionPoolManager {
  /** Shorter than a worker keeps them, so that no request goes out on one that is being closed. */
  private static final Duration IDLE_CONNECTION = Duration.ofSeconds(30);

  private static final int SECONDS_TO_RETRY = 1;

  private final WorkerProcess worker;
  private final ProxyConnectionPool pool;
  private final int mostConnections;
  private final AtomicInteger inFlight = new AtomicInteger();

  /**
   * Connects to {@code worker}.
   *
   * @param mostConnections of one IO thread
   */
  Backend(WorkerProcess worker, int mostConnections) {
    this.worker = worker;
    this.mostConnections = mostConnections;
    pool = new ProxyConnectionPool(
        this, worker.address().orElseThrow(), UndertowClient.getInstance(), OptionMap.EMPTY);
  }

  WorkerProcess worker() {
    return worker;
  }

  ProxyConnectionPool pool() {
    return pool;
  }

  int inFlight() {
    return inFlight.get();
  }

  void begin() {
    inFlight.incrementAndGet();
  }

  void end() {
    inFlight.decrementAndGet();
  }

  @Override
  public int getProblemServerRetry() {
    return SECONDS_TO_RETRY;
  }

  @Override
  public int getMaxConnections() {
    return mostConnections;
  }

  @Override
  public int getMaxCachedConnections() {
    return mostConnections;
  }

  /** None that is kept for longer than the rest. */
  @Override
  public int getSMaxConnections() {
    return 0;
  }

  @Override
  public long getTtl() {
    return IDLE_CONNECTION.toMillis();
  }

  @Override
  public int getMaxQueueSize() {
    return mostConnections;
  }
}
