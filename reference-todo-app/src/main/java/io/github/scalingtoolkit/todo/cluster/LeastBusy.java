package io.github.scalingtoolkit.todo.cluster;

import io.undertow.server.HttpServerExchange;
import io.undertow.server.handlers.proxy.ProxyCallback;
import io.undertow.server.handlers.proxy.ProxyClient;
import io.undertow.server.handlers.proxy.ProxyConnection;
import io.undertow.util.AttachmentKey;
import io.undertow.util.Methods;
import java.util.Arrays;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Sends each request to the worker with the fewest in progress, of those that lack nothing; if there is none, of those that
 * are ready without one of their stores, and else of all, since even a worker that is not ready may have an answer in its
 * cache. A second try goes to another worker than the first. A GET or HEAD that a worker answers with 503 is tried at one
 * other: the two may differ in what they can reach.
 */
final class LeastBusy implements ProxyClient {
  private static final AttachmentKey<Backend> CHOSEN = AttachmentKey.create(Backend.class);
  private static final AttachmentKey<Boolean> NEXT_TRY = AttachmentKey.create(Boolean.class);
  private static final ProxyTarget ANY = new ProxyTarget() {};

  private static final long NO_TIMEOUT = -1;

  private volatile Backend[] backends = {};

  synchronized void add(Backend backend) {
    Backend[] more = Arrays.copyOf(backends, backends.length + 1);
    more[backends.length] = backend;
    backends = more;
  }

  synchronized void remove(Backend backend) {
    backends = Arrays.stream(backends).filter(one -> one != backend).toArray(Backend[]::new);
    // Lends out no more connections, and closes those that are out when they come back.
    backend.pool().close();
  }

  @Override
  public @Nullable ProxyTarget findTarget(HttpServerExchange exchange) {
    return backends.length == 0 ? null : ANY;
  }

  @Override
  public void getConnection(
      ProxyTarget target,
      HttpServerExchange exchange,
      ProxyCallback<ProxyConnection> callback,
      long timeout,
      TimeUnit unit) {
    if (exchange.getAttachment(CHOSEN) == null) {
      connect(target, exchange, callback);
    } else if (exchange.putAttachment(NEXT_TRY, true) == null) {
      // A broken connection is reported twice, by its request and by its answer: one retry for
      // both.
      exchange.getIoThread().execute(() -> {
        exchange.removeAttachment(NEXT_TRY);
        if (!exchange.isComplete()) {
          connect(target, exchange, callback);
        }
      });
    }
  }

  /** Tells whether a worker may have seen any part of the request. */
  static boolean mayHaveBeenSent(HttpServerExchange exchange) {
    return exchange.getAttachment(CHOSEN) != null;
  }

  private void connect(
      ProxyTarget target, HttpServerExchange exchange, ProxyCallback<ProxyConnection> callback) {
    Backend before = exchange.getAttachment(CHOSEN);
    Backend backend = choose(before);
    if (backend == null) {
      callback.couldNotResolveBackend(exchange);
      return;
    }
    backend.begin();
    if (before == null) {
      exchange.addExchangeCompleteListener((ended, next) -> {
        Backend last = ended.getAttachment(CHOSEN);
        if (last != null) {
          last.end();
        }
        next.proceed();
      });
    } else {
      before.end();
    }
    exchange.putAttachment(CHOSEN, backend);
    ProxyCallback<ProxyConnection> connected =
        mayAskAnother(exchange) ? new AskAnother(exchange, callback) : callback;
    backend.pool().connect(target, exchange, connected, NO_TIMEOUT, TimeUnit.MILLISECONDS, false);
  }

  /** Tells whether a 503 of the worker would be no reason to tell the client so yet. */
  private boolean mayAskAnother(HttpServerExchange exchange) {
    return backends.length > 1
        && AskAnother.isNew(exchange)
        && (exchange.getRequestMethod().equals(Methods.GET)
            || exchange.getRequestMethod().equals(Methods.HEAD))
        // A body was sent to the first one, and is gone.
        && exchange.getRequestContentLength() <= 0;
  }

  @Nullable
  Backend choose(@Nullable Backend notThis) {
    Backend whole = null;
    Backend ready = null;
    Backend any = null;
    Backend[] all = backends;
    int first = all.length == 0 ? 0 : ThreadLocalRandom.current().nextInt(all.length);
    for (int i = 0; i < all.length; i++) {
      Backend candidate = all[(first + i) % all.length];
      if (candidate == notThis && all.length > 1) {
        continue;
      }
      any = lessBusy(any, candidate);
      if (candidate.worker().isReady()) {
        ready = lessBusy(ready, candidate);
        if (!candidate.worker().isDegraded()) {
          whole = lessBusy(whole, candidate);
        }
      }
    }
    return whole != null ? whole : ready != null ? ready : any;
  }

  private static Backend lessBusy(@Nullable Backend one, Backend other) {
    return one == null || other.inFlight() < one.inFlight() ? other : one;
  }
}
