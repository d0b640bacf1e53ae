package io.github.scalingtoolkit.todo.http;

import io.github.scalingtoolkit.core.time.Deadline;
import io.github.scalingtoolkit.todo.http.Route.WithBody;
import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.server.handlers.RequestLimit;
import io.undertow.util.AttachmentKey;
import io.undertow.util.HeaderValues;
import io.undertow.util.Headers;
import io.undertow.util.StatusCodes;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The first handler of every request and the last of every answer.
 *
 * <p>It is the one place that admits requests, in this order: framing that can be read, a route, the route's {@link
 * Admission}, an upload's place while a body is on its way, and a place among the requests in progress, which comes with a
 * thread and with the {@link AnswerTime}. Nothing behind it takes a place, or makes a request wait for one, but the stores'
 * own connections and the turns of password hashes, both within that time.
 *
 * <p>No exception of a handler leaves this class: a {@link ProblemException} is the answer, anything else is a 500 without
 * details, and one line in the log with the exception's class, the route and the request's id, and with the message of a
 * {@link FaultException}.
 */
final class Front implements HttpHandler {
  private static final Logger log = LoggerFactory.getLogger(Front.class);
  private static final AttachmentKey<Route> ROUTE = AttachmentKey.create(Route.class);
  private static final AttachmentKey<Deadline> DEADLINE = AttachmentKey.create(Deadline.class);
  private static final byte[] NO_BODY = {};
  private static final Pattern CREDENTIALS = Pattern.compile("//[^\\s/]*@");

  private final Router router;
  private final Cors cors;
  private final RouteTimers timers;
  private final Executor blocking;
  private final RequestLimit limit;
  private final WholeBodies bodies;
  private final int maxInFlight;
  private final InFlight inFlight;
  private volatile boolean draining;

  Front(
      HttpConfig config, InFlight inFlight, Router router, RouteTimers timers, Executor blocking) {
    this.inFlight = inFlight;
    this.router = router;
    this.cors = new Cors(config.corsOrigins());
    this.timers = timers;
    this.blocking = blocking;
    maxInFlight = config.maxInFlight();
    bodies = new WholeBodies(config, maxInFlight, Respond::problem);
    limit = new RequestLimit(maxInFlight, maxInFlight);
    limit.setFailureHandler(this::tooMany);
  }

  /** From now on every answer closes its connection, so that clients go elsewhere. */
  void drain() {
    draining = true;
  }

  @Override
  public void handleRequest(HttpServerExchange exchange) {
    long started = System.nanoTime();
    inFlight.began(exchange);
    exchange.addExchangeCompleteListener((ended, next) -> {
      inFlight.ended(ended);
      bodies.ended(ended);
      Route route = ended.getAttachment(ROUTE);
      timers.record(
          route == null ? RouteTimers.NONE : route,
          ended.getStatusCode(),
          System.nanoTime() - started);
      next.proceed();
    });
    RequestIds.addTo(exchange);
    SecurityHeaders.addTo(exchange.getResponseHeaders());
    cors.addHeaders(exchange);
    guarded(exchange, () -> route(exchange));
    bodies.boundRest(exchange);
  }

  private void route(HttpServerExchange exchange) throws Exception {
    Problem framing = Framing.refusal(exchange);
    if (framing != null) {
      bodies.refuseUnread(exchange, framing);
      return;
    }
    if (exchange.getRequestMethod().equalToString("OPTIONS")) {
      options(exchange);
      return;
    }
    Route route = router.find(exchange);
    exchange.putAttachment(ROUTE, route);
    route.admission().admit(exchange);
    if (!route.limited()) {
      run(exchange, route, NO_BODY);
    } else if (route.body() != null) {
      requireType(exchange.getRequestHeaders().get(Headers.CONTENT_TYPE), route.mediaTypes());
      bodies.read(exchange, (read, bytes) -> guarded(read, () -> takePlace(read, route, bytes)));
    } else if (exchange.isRequestComplete()) {
      takePlace(exchange, route, NO_BODY);
    } else {
      // It has no meaning here, but until it has arrived the exchange would hold its place in the
      // limit.
      bodies.read(exchange, (read, unused) -> guarded(read, () -> takePlace(read, route, NO_BODY)));
    }
  }

  /** A place is a thread as well, so that nothing waits for one of the two with the other. */
  private void takePlace(HttpServerExchange exchange, Route route, byte[] body) throws Exception {
    exchange.putAttachment(DEADLINE, AnswerTime.of(exchange));
    // Requests that wait in the limit's queue continue on another stack: they need their own catch.
    limit.handleRequest(exchange, admitted -> guarded(admitted, () -> run(admitted, route, body)));
  }

  private void options(HttpServerExchange exchange) {
    Map<String, Route> methods = router.methods(exchange);
    if (methods == null) {
      throw new ProblemException(Problem.notFound());
    }
    String allowed = Router.allow(methods);
    if (cors.isPreflight(exchange)) {
      String asked = Cors.askedMethod(exchange);
      cors.addPreflightHeaders(
          exchange, allowed, methods.get(asked.equals("HEAD") ? "GET" : asked));
    }
    exchange.getResponseHeaders().put(Headers.ALLOW, allowed);
    Respond.empty(exchange, StatusCodes.NO_CONTENT);
  }

  private void run(HttpServerExchange exchange, Route route, byte[] body) throws Exception {
    if (route.quick() != null && route.quick().answers(exchange)) {
      return;
    }
    HttpHandler handler = route.blocking();
    WithBody withBody = route.body();
    if (handler != null) {
      dispatch(exchange, handler);
    } else if (withBody != null) {
      dispatch(exchange, apart -> withBody.handle(apart, JsonBody.parse(body)));
    }
  }

  private void dispatch(HttpServerExchange exchange, HttpHandler handler) {
    Deadline deadline = exchange.getAttachment(DEADLINE);
    exchange.dispatch(
        blocking,
        apart -> guarded(apart, () -> {
          if (deadline.isExpired()) {
            tooLate(apart);
          } else {
            deadline.run(() -> handler.handleRequest(apart));
          }
        }));
  }

  /** A write that began now could only leave its traces: readers would bypass the cache for one that was never made. */
  private static void tooLate(HttpServerExchange exchange) {
    Respond.problem(
        exchange,
        Problem.unavailable("Too late", Duration.ofSeconds(1))
            .detail("The time of the request was over before its turn came: nothing was done."
                + " Send it again."));
  }

  private void tooMany(HttpServerExchange exchange) {
    Respond.problem(
        exchange,
        Problem.unavailable("Too many requests in flight", Duration.ofSeconds(1))
            .detail("The service is at its limit of " + maxInFlight + " requests at a time."));
  }

  private static void requireType(@Nullable HeaderValues given, List<String> mediaTypes) {
    // Not a list: of two, each recipient might take another one.
    String[] parts = given == null || given.size() != 1
        ? new String[] {""}
        : given.getFirst().split(";", -1);
    String type = parts[0].strip().toLowerCase(Locale.ROOT);
    boolean taken = mediaTypes.contains(type);
    for (int i = 1; i < parts.length && taken; i++) {
      String parameter = parts[i].strip().replace("\"", "");
      taken = !parameter.regionMatches(true, 0, "charset=", 0, 8)
          || parameter.substring(8).equalsIgnoreCase("utf-8");
    }
    if (!taken) {
      throw new ProblemException(
          Problem.of(StatusCodes.UNSUPPORTED_MEDIA_TYPE, "Unsupported media type")
              .detail("Send Content-Type: " + String.join(" or ", mediaTypes) + ", in UTF-8."));
    }
  }

  private interface Step {
    void run() throws Exception;
  }

  private void guarded(HttpServerExchange exchange, Step step) {
    if (draining) {
      // Checked at each step: the drain may have begun while its body was being sent.
      exchange.setPersistent(false);
    }
    try {
      step.run();
    } catch (ProblemException answer) {
      answer(exchange, answer.problem());
    } catch (FaultException told) {
      fault(exchange, told.fault(), " reason=\"" + withoutSecrets(told.getMessage()) + "\"");
    } catch (Throwable fault) {
      // An Error as well: the client needs an answer, and the thread goes on serving others.
      fault(exchange, fault, "");
    }
  }

  private static void fault(HttpServerExchange exchange, Throwable fault, String reason) {
    Route route = exchange.getAttachment(ROUTE);
    log.error(
        "request={} route={} status=500 cause={}{} at={}",
        exchange.getResponseHeaders().getFirst(RequestIds.HEADER),
        route == null ? "none" : route.template(),
        fault.getClass().getName(),
        reason,
        fault.getStackTrace().length == 0 ? "unknown" : fault.getStackTrace()[0]);
    answer(exchange, Problem.of(StatusCodes.INTERNAL_SERVER_ERROR, "Internal error"));
  }

  /** Messages have none; a driver's new version might quote a URI all the same. */
  private static String withoutSecrets(@Nullable String message) {
    return message == null
        ? "unknown"
        : CREDENTIALS.matcher(message).replaceAll("//***@").replace('"', '\'');
  }

  private static void answer(HttpServerExchange exchange, Problem problem) {
    if (exchange.isResponseStarted()) {
      exchange.setPersistent(false);
      exchange.endExchange();
    } else {
      Respond.problem(exchange, problem);
    }
  }
}
