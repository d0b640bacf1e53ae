package io.github.scalingtoolkit.todo.http;

import io.github.scalingtoolkit.core.lifecycle.BlockingThreads;
import io.micrometer.core.instrument.MeterRegistry;
import io.undertow.Undertow;
import io.undertow.UndertowOptions;
import io.undertow.predicate.Predicate;
import io.undertow.server.DefaultByteBufferPool;
import io.undertow.server.HttpHandler;
import io.undertow.server.handlers.encoding.ContentEncodingRepository;
import io.undertow.server.handlers.encoding.EncodingHandler;
import io.undertow.server.handlers.encoding.GzipEncodingProvider;
import io.undertow.util.Headers;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xnio.Options;

/**
 * A server that listens on one port, and can stop without failing a request.
 *
 * <p>Everything that Undertow leaves open has a bound here: the head and the body of a request and the time for each,
 * requests at a time and those that wait, and the buffers. Its own buffer pool keeps buffers by thread, which with a
 * virtual thread a request keeps one for each request there ever was; the pool here is shared and bounded.
 */
public final class HttpServer {
  private static final Logger log = LoggerFactory.getLogger(HttpServer.class);
  private static final int MOST_HEADER_BYTES = 16 * 1024;
  /** Beyond its limit Undertow cuts a chunked body without an answer: ours, which answers, lies below it. */
  private static final long MOST_DISCARDED_BYTES = 1024 * 1024;

  private static final int BUFFER_BYTES = 16 * 1024 - 20;
  private static final int MOST_POOLED_BUFFERS = 1000;
  private static final Duration QUIET = Duration.ofMillis(50);
  private static final long GZIP_FROM_BYTES = 1024;

  private final HttpConfig config;
  private final Front front;
  private final ExecutorService blocking;
  private final Undertow undertow;

  private HttpServer(HttpConfig config, Router router, MeterRegistry meters) {
    this.config = config;
    blocking = BlockingThreads.executor(config.name() + "-", Math.min(config.maxInFlight(), 256));
    front = new Front(config, router, new RouteTimers(meters), blocking);
    undertow = Undertow.builder()
        .addHttpListener(config.port(), config.host())
        .setByteBufferPool(new DefaultByteBufferPool(true, BUFFER_BYTES, MOST_POOLED_BUFFERS, 0))
        .setIoThreads(Math.max(2, Runtime.getRuntime().availableProcessors()))
        .setWorkerOption(Options.WORKER_TASK_CORE_THREADS, 1)
        .setWorkerOption(Options.WORKER_TASK_MAX_THREADS, 4)
        .setServerOption(UndertowOptions.MAX_HEADER_SIZE, MOST_HEADER_BYTES)
        .setServerOption(UndertowOptions.MAX_ENTITY_SIZE, config.maxBody() + MOST_DISCARDED_BYTES)
        .setServerOption(UndertowOptions.REQUEST_PARSE_TIMEOUT, millis(config.parseTimeout()))
        .setServerOption(UndertowOptions.NO_REQUEST_TIMEOUT, millis(config.idleTimeout()))
        .setServerOption(UndertowOptions.SHUTDOWN_TIMEOUT, 1000)
        .setServerOption(UndertowOptions.MAX_PARAMETERS, 32)
        .setServerOption(UndertowOptions.MAX_HEADERS, 100)
        .setServerOption(UndertowOptions.ENABLE_HTTP2, false)
        .setServerOption(UndertowOptions.RECORD_REQUEST_START_TIME, false)
        .setSocketOption(Options.READ_TIMEOUT, millis(config.parseTimeout()))
        .setSocketOption(Options.BACKLOG, 1024)
        .setHandler(gzip(front))
        .build();
  }

  /**
   * Starts to listen.
   *
   * @param meters where requests are timed
   * @throws ListenException if the port cannot be had
   */
  public static HttpServer start(HttpConfig config, Router router, MeterRegistry meters) {
    HttpServer server = new HttpServer(config, router, meters);
    try {
      server.undertow.start();
    } catch (RuntimeException failure) {
      server.blocking.shutdownNow();
      Throwable cause = failure;
      while (cause.getCause() != null && !(cause instanceof java.io.IOException)) {
        cause = cause.getCause();
      }
      throw new ListenException(config, cause);
    }
    log.info("listening name={} host={} port={}", config.name(), config.host(), server.port());
    return server;
  }

  /** Returns the port it listens on. */
  public int port() {
    return ((InetSocketAddress) undertow.getListenerInfo().get(0).getAddress()).getPort();
  }

  /** Returns how many requests are being answered now. */
  public int inFlight() {
    return front.inFlight();
  }

  /** Goes on serving, but closes each connection with its next answer, so that clients and balancers go elsewhere. */
  public void drain() {
    front.drain();
  }

  /**
   * Closes each connection with its next answer, waits until no request is under way and none has come for a moment, for
   * {@code longest} at most, and ends. Undertow cannot refuse connections without cutting those it has, so whoever
   * balances should have gone elsewhere by now.
   */
  public void stop(Duration longest) {
    front.drain();
    long deadline = System.nanoTime() + longest.toNanos();
    long quietSince = System.nanoTime();
    while (System.nanoTime() - quietSince < QUIET.toNanos() && System.nanoTime() - deadline < 0) {
      LockSupport.parkNanos(Duration.ofMillis(5).toNanos());
      if (front.inFlight() > 0) {
        quietSince = System.nanoTime();
      }
    }
    int left = front.inFlight();
    if (left > 0) {
      log.warn(
          "stopping name={} unanswered={} after={}ms", config.name(), left, longest.toMillis());
    }
    undertow.stop();
    blocking.shutdownNow();
  }

  private static HttpHandler gzip(HttpHandler next) {
    Predicate worthIt = exchange -> {
      String type = exchange.getResponseHeaders().getFirst(Headers.CONTENT_TYPE);
      return exchange.getResponseContentLength() >= GZIP_FROM_BYTES
          && type != null
          && (type.startsWith("application/json")
              || type.startsWith("application/problem+json")
              || type.startsWith("text/"));
    };
    return new EncodingHandler(
        next,
        new ContentEncodingRepository()
            .addEncodingHandler("gzip", new GzipEncodingProvider(), 50, worthIt));
  }

  private static int millis(Duration duration) {
    return Math.toIntExact(duration.toMillis());
  }
}
