package io.github.scalingtoolkit.todo.cluster;

import io.github.scalingtoolkit.core.limit.ClientAddress;
import io.github.scalingtoolkit.todo.http.AnswerTime;
import io.github.scalingtoolkit.todo.http.BoundedListener;
import io.github.scalingtoolkit.todo.http.Clients;
import io.github.scalingtoolkit.todo.http.Cors;
import io.github.scalingtoolkit.todo.http.Framing;
import io.github.scalingtoolkit.todo.http.HttpConfig;
import io.github.scalingtoolkit.todo.http.InFlight;
import io.github.scalingtoolkit.todo.http.Problem;
import io.github.scalingtoolkit.todo.http.RequestIds;
import io.github.scalingtoolkit.todo.http.Respond;
import io.github.scalingtoolkit.todo.http.SecurityHeaders;
import io.github.scalingtoolkit.todo.http.WholeBodies;
import io.undertow.predicate.Predicate;
import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.server.handlers.RequestLimit;
import io.undertow.server.handlers.proxy.ProxyHandler;
import io.undertow.util.Headers;
import io.undertow.util.HttpString;
import io.undertow.util.Methods;
import io.undertow.util.StatusCodes;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Set;

/**
 * The public port of a cluster: passes each request to the worker with the fewest requests in progress.
 *
 * <p>A request that changes nothing is retried at another worker if its worker ends before it has begun to answer; one
 * that changes something is retried only if it was never sent. A GET or HEAD that is answered 503 goes to one other worker.
 * There is no timer per request, which would cost as much as
 * everything else: a worker bounds its own waits, and one that hangs is killed ({@link Slot}), which ends its requests here.
 * The balancer's own answers (no worker, body too large) are problem JSON like a worker's. X-Forwarded-For is replaced by
 * the client's address: the peer's, or the one that trusted proxies report.
 */
final class Balancer {
  private static final int MOST_TRIES_MORE = 3;
  private static final Set<HttpString> UNCHANGING =
      Set.of(Methods.GET, Methods.HEAD, Methods.OPTIONS);

  /**
   * HTTP calls PUT and DELETE idempotent as well, but a second one is answered otherwise (404, 412), and may undo what
   * another client did in between.
   */
  private static final Predicate CHANGES_NOTHING =
      exchange -> UNCHANGING.contains(exchange.getRequestMethod());

  private final BoundedListener listener;
  private final Clients clients;
  private final Cors cors;
  private final LeastBusy backends = new LeastBusy();
  private final WholeBodies bodies;
  private final HttpHandler handler;
  private final int connectionsPerThread;
  private final InFlight inFlight;
  private volatile boolean draining;

  /** Accepts {@code config.maxInFlight()} requests per worker, as many as the same number of separate processes. */
  Balancer(HttpConfig config, int workers, ClientAddress clients) {
    this.clients = new Clients(clients);
    cors = new Cors(config.corsOrigins());
    int threads = Math.max(2, Runtime.getRuntime().availableProcessors());
    connectionsPerThread = Math.max(8, 2 * config.maxInFlight() / threads);
    ProxyHandler proxy = ProxyHandler.builder()
        .setProxyClient(backends)
        .setIdempotentRequestPredicate(CHANGES_NOTHING)
        .setMaxConnectionRetries(MOST_TRIES_MORE)
        .setNext(
            exchange -> exchange.setStatusCode(StatusCodes.SERVICE_UNAVAILABLE).endExchange())
        .build();
    int most = workers * config.maxInFlight();
    RequestLimit limit = new RequestLimit(most, most);
    limit.setFailureHandler(
        exchange -> exchange.setStatusCode(StatusCodes.SERVICE_UNAVAILABLE).endExchange());
    bodies = new WholeBodies(config, most, this::refuse);
    HttpHandler pass = admitted -> {
      if (draining) {
        // Checked again: the drain may have begun while the body was being sent, or while it was
        // queued.
        admitted.setPersistent(false);
      }
      proxy.handleRequest(admitted);
    };
    handler = new WholeBody(bodies, exchange -> limit.handleRequest(exchange, pass));
    inFlight = new InFlight(config.parseTimeout());
    listener = new BoundedListener(config, inFlight, this::handle);
  }

  void start() {
    listener.start();
  }

  int port() {
    return listener.port();
  }

  /** Sends requests to {@code worker}, which has announced its port. */
  Backend add(WorkerProcess worker) {
    Backend backend = new Backend(worker, connectionsPerThread);
    backends.add(backend);
    return backend;
  }

  /** Sends it no further request; those in progress go on. */
  void remove(Backend backend) {
    backends.remove(backend);
  }

  /** From now on every answer closes its connection, so that clients go elsewhere. */
  void drain() {
    draining = true;
  }

  /** Waits until no request is in progress, for {@code longest} at most. */
  void awaitQuiet(Duration longest) {
    listener.awaitQuiet(longest);
  }

  /** Closes the port. */
  void stop() {
    listener.stop();
  }

  private void handle(HttpServerExchange exchange) throws Exception {
    inFlight.began(exchange);
    exchange.addExchangeCompleteListener((ended, next) -> {
      inFlight.ended(ended);
      bodies.ended(ended);
      next.proceed();
    });
    if (draining) {
      exchange.setPersistent(false);
    }
    Problem framing = Framing.refusal(exchange);
    if (framing != null) {
      bodies.refuseUnread(exchange, framing);
      return;
    }
    AnswerTime.forgetAskedAgain(exchange);
    if (exchange.getRequestHeaders().contains(Headers.X_FORWARDED_FOR)) {
      exchange.setSourceAddress(new InetSocketAddress(clients.address(exchange), 0));
    }
    if (exchange.isHttp10() && !exchange.getRequestHeaders().contains(Headers.HOST)) {
      // Health checks of older balancers name none, and need not; a worker gets all requests by
      // HTTP/1.1, which must.
      exchange.getRequestHeaders().put(Headers.HOST, exchange.getHostAndPort());
    }
    exchange.addDefaultResponseListener(this::answerForNobody);
    handler.handleRequest(exchange);
  }

  /** Adds a body where Undertow would send only a status, and closes the connection, as Undertow may do next. */
  private boolean answerForNobody(HttpServerExchange exchange) {
    if (!exchange.isResponseChannelAvailable()
        || exchange.getStatusCode() < StatusCodes.INTERNAL_SERVER_ERROR) {
      return false;
    }
    exchange.setPersistent(false);
    boolean unknown = !CHANGES_NOTHING.resolve(exchange) && LeastBusy.mayHaveBeenSent(exchange);
    refuse(
        exchange,
        unknown
            ? Problem.of(StatusCodes.SERVICE_UNAVAILABLE, "Service unavailable")
                .detail("The process that handled this request ended before it answered:"
                    + " the request may have been applied; check before retrying.")
            : Problem.unavailable("Service unavailable", Duration.ofSeconds(1))
                .detail("No process can answer this request now."));
    return true;
  }

  private void refuse(HttpServerExchange exchange, Problem problem) {
    RequestIds.addTo(exchange);
    SecurityHeaders.addTo(exchange.getResponseHeaders());
    cors.addHeaders(exchange);
    Respond.problem(exchange, problem);
  }
}
