package io.github.scalingtoolkit.todo.http;

import io.undertow.Undertow;
import io.undertow.UndertowOptions;
import io.undertow.server.DefaultByteBufferPool;
import io.undertow.server.HttpHandler;
import io.undertow.server.handlers.HttpContinueReadHandler;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xnio.Options;
import org.xnio.XnioExecutor;

/**
 * Undertow on one port, with a bound on everything that Undertow leaves unbounded: the head and the body of a request and the time
 * for each, the time for reading an answer, and the buffers. Undertow's buffer pool keeps buffers per thread, which with a
 * virtual thread per request keeps one for every request ever handled; the pool here is shared and bounded.
 */
public final class BoundedListener {
  private static final Logger log = LoggerFactory.getLogger(BoundedListener.class);
  private static final int MOST_HEADER_BYTES = 16 * 1024;
  private static final int MOST_HEADERS = 100;
  /** For headers that our balancer adds to a request. */
  private static final int ADDED_HEADER_BYTES = 2 * 1024;

  private static final int ADDED_HEADERS = 10;
  /** Beyond its limit Undertow cuts a chunked body without an answer: our limit, which is answered, is lower. */
  private static final long MOST_DISCARDED_BYTES = 1024 * 1024;

  private static final Duration QUIET = Duration.ofMillis(50);
  private static final Duration BETWEEN_LOOKS = Duration.ofMillis(500);
  private static final int BUFFER_BYTES = 16 * 1024 - 20;
  private static final int MOST_POOLED_BUFFERS = 1000;

  private final HttpConfig config;
  private final InFlight inFlight;
  private final Undertow undertow;
  private volatile XnioExecutor.@Nullable Key looks;

  /** Passes requests to {@code handler}, which counts them; {@link #start} opens the port. */
  public BoundedListener(HttpConfig config, InFlight inFlight, HttpHandler handler) {
    this.config = config;
    this.inFlight = inFlight;
    undertow = Undertow.builder()
        .addHttpListener(config.port(), config.host())
        .setByteBufferPool(new DefaultByteBufferPool(true, BUFFER_BYTES, MOST_POOLED_BUFFERS, 0))
        .setIoThreads(Math.max(2, Runtime.getRuntime().availableProcessors()))
        .setWorkerOption(Options.WORKER_TASK_CORE_THREADS, 1)
        .setWorkerOption(Options.WORKER_TASK_MAX_THREADS, 4)
        .setServerOption(
            UndertowOptions.MAX_HEADER_SIZE,
            MOST_HEADER_BYTES + (config.behindBalancer() ? ADDED_HEADER_BYTES : 0))
        .setServerOption(UndertowOptions.MAX_ENTITY_SIZE, config.maxBody() + MOST_DISCARDED_BYTES)
        .setServerOption(UndertowOptions.REQUEST_PARSE_TIMEOUT, millis(config.parseTimeout()))
        .setServerOption(UndertowOptions.NO_REQUEST_TIMEOUT, millis(config.idleTimeout()))
        .setServerOption(UndertowOptions.SHUTDOWN_TIMEOUT, 1000)
        .setServerOption(UndertowOptions.MAX_PARAMETERS, 32)
        .setServerOption(
            UndertowOptions.MAX_HEADERS,
            MOST_HEADERS + (config.behindBalancer() ? ADDED_HEADERS : 0))
        .setServerOption(UndertowOptions.ENABLE_HTTP2, false)
        .setServerOption(UndertowOptions.RECORD_REQUEST_START_TIME, false)
        .setSocketOption(Options.BACKLOG, 1024)
        .setHandler(new HttpContinueReadHandler(handler))
        .build();
  }

  /**
   * Opens the port.
   *
   * @throws ListenException if it is unavailable
   */
  public void start() {
    try {
      undertow.start();
    } catch (RuntimeException failure) {
      Throwable cause = failure;
      while (cause.getCause() != null && !(cause instanceof IOException)) {
        cause = cause.getCause();
      }
      throw new ListenException(config, cause);
    }
    looks = undertow
        .getWorker()
        .getIoThread()
        .executeAtInterval(
            () -> inFlight.cutUnread(System.nanoTime()),
            BETWEEN_LOOKS.toMillis(),
            TimeUnit.MILLISECONDS);
  }

  /** Returns the port it listens on. */
  public int port() {
    return ((InetSocketAddress) undertow.getListenerInfo().get(0).getAddress()).getPort();
  }

  /**
   * Waits until no request is in progress and none has arrived for a moment, for {@code longest} at most. Undertow cannot
   * refuse new connections without cutting existing ones, so balancers should have gone elsewhere by now, and each
   * answer should close its connection.
   */
  public void awaitQuiet(Duration longest) {
    long deadline = System.nanoTime() + longest.toNanos();
    long quietSince = System.nanoTime();
    while (System.nanoTime() - quietSince < QUIET.toNanos() && System.nanoTime() - deadline < 0) {
      LockSupport.parkNanos(Duration.ofMillis(5).toNanos());
      if (inFlight.count() > 0) {
        quietSince = System.nanoTime();
      }
    }
    int left = inFlight.count();
    if (left > 0) {
      log.warn(
          "stopping name={} unanswered={} after={}ms", config.name(), left, longest.toMillis());
    }
  }

  /** Closes the port and every connection. */
  public void stop() {
    XnioExecutor.Key repeated = looks;
    if (repeated != null) {
      repeated.remove();
    }
    undertow.stop();
  }

  private static int millis(Duration duration) {
    return Math.toIntExact(duration.toMillis());
  }
}
