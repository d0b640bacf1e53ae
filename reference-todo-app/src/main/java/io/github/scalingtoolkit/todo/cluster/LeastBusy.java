package io.github.scalingtoolkit.todo.cluster;

import io.undertow.server.HttpServerExchange;
import io.undertow.server.handlers.proxy.ProxyCallback;
import io.undertow.server.handlers.proxy.ProxyClient;
import io.undertow.server.handlers.proxy.ProxyConnection;
import io.undertow.util.AttachmentKey;
import java.util.Arrays;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Sends each request to the worker with the fewest in progress, of those that are ready; if none is, of all, since even
 * a worker that is not ready may have an answer in its cache. A second try goes to another worker than the first.
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
    backend.pool().connect(target, exchange, callback, NO_TIMEOUT, TimeUnit.MILLISECONDS, false);
  }

  @Nullable
  Backend choose(@Nullable Backend notThis) {
    Backend ready = null;
    Backend any = null;
    Backend[] all = backends;
    int first = all.length == 0 ? 0 : ThreadLocalRandom.current().nextInt(all.length);
    for (int i = 0; i < all.length; i++) {
      Backend candidate = all[(first + i) % all.length];
      if (candidate == notThis && all.length > 1) {
        continue;
      }
      if (any == null || candidate.inFlight() < any.inFlight()) {
        any = candidate;
      }
      if (candidate.worker().isReady()
          && (ready == null || candidate.inFlight() < ready.inFlight())) {
        ready = candidate;
      }
    }
    return ready != null ? ready : any;
  }
}
