package io.github.scalingtoolkit.todo.http;

import io.github.scalingtoolkit.core.lifecycle.BlockingThreads;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A server that listens on one port, and can stop without failing a request.
 *
 * <p>Every request passes {@link Front}; {@link BoundedListener} bounds everything before it.
 */
public final class HttpServer {
  private static final Logger log = LoggerFactory.getLogger(HttpServer.class);

  private final InFlight inFlight;
  private final Front front;
  private final ExecutorService blocking;
  private final BoundedListener listener;

  private HttpServer(HttpConfig config, Router router, MeterRegistry meters) {
    blocking = BlockingThreads.executor(config.name() + "-", config.maxInFlight());
    inFlight = new InFlight(config.parseTimeout());
    front = new Front(config, inFlight, router, new RouteTimers(meters), blocking);
    listener = new BoundedListener(config, inFlight, front);
  }

  /**
   * Starts to listen.
   *
   * @param meters where requests are timed
   * @throws ListenException if the port is unavailable
   */
  public static HttpServer start(HttpConfig config, Router router, MeterRegistry meters) {
    HttpServer server = new HttpServer(config, router, meters);
    try {
      server.listener.start();
    } catch (ListenException failure) {
      server.blocking.shutdownNow();
      throw failure;
    }
    log.info("listening name={} host={} port={}", config.name(), config.host(), server.port());
    return server;
  }

  /** Returns the port it listens on. */
  public int port() {
    return listener.port();
  }

  /** Returns how many requests are being answered now. */
  public int inFlight() {
    return inFlight.count();
  }

  /** Goes on serving, but closes each connection with its next answer, so that clients and balancers go elsewhere. */
  public void drain() {
    front.drain();
  }

  /**
   * Closes each connection with its next answer, waits until no request is in progress and none has arrived for a moment, for
   * {@code longest} at most, and ends. Undertow cannot refuse new connections without cutting existing ones, so
   * balancers should have gone elsewhere by now.
   */
  public void stop(Duration longest) {
    front.drain();
    listener.awaitQuiet(longest);
    listener.stop();
    blocking.shutdownNow();
  }
}
