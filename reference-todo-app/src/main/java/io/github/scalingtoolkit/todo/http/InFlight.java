package io.github.scalingtoolkit.todo.http;

import io.undertow.server.HttpServerExchange;
import io.undertow.server.protocol.http.HttpServerConnection;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.xnio.ChannelListeners;
import org.xnio.IoUtils;
import org.xnio.StreamConnection;
import org.xnio.conduits.ConduitStreamSinkChannel;

/**
 * The requests in progress. A client that does not read its answer is disconnected: until the last byte is sent a request holds its
 * place in the limit, and as many such clients as there are places would lock out all others.
 *
 * <p>Undertow's own write timeout is not enough: it counts from one write of a connection to the next, including the
 * time between two requests, and starts again with each byte that the client takes.
 */
public final class InFlight {
  private final long longestNanos;
  private final Set<HttpServerExchange> exchanges = ConcurrentHashMap.newKeySet();
  /** When each was first seen with an answer begun; only {@link #cutUnread} looks. */
  private final Map<HttpServerExchange, Long> answeredSince = new HashMap<>();

  /** Counts requests; from the first look that finds its answer begun, a client has {@code longest} to read it. */
  public InFlight(Duration longest) {
    longestNanos = longest.toNanos();
  }

  /** Counts {@code exchange} until {@link #ended}. */
  public void began(HttpServerExchange exchange) {
    exchanges.add(exchange);
  }

  /** The exchange is complete. */
  public void ended(HttpServerExchange exchange) {
    exchanges.remove(exchange);
  }

  /** Returns how many are in progress. */
  public int count() {
    return exchanges.size();
  }

  /** Looks once, at {@code nowNanos}; by one thread at a time. */
  void cutUnread(long nowNanos) {
    answeredSince.keySet().retainAll(exchanges);
    for (HttpServerExchange exchange : exchanges) {
      if (exchange.isResponseStarted()) {
        Long since = answeredSince.putIfAbsent(exchange, nowNanos);
        if (since != null && nowNanos - since >= longestNanos) {
          exchange.getIoThread().execute(() -> cut(exchange));
        }
      }
    }
  }

  private void cut(HttpServerExchange exchange) {
    if (exchanges.contains(exchange)
        && exchange.getConnection() instanceof HttpServerConnection http) {
      StreamConnection connection = http.getChannel();
      ConduitStreamSinkChannel sink = connection.getSinkChannel();
      boolean waiting = sink.isWriteResumed();
      IoUtils.safeClose(connection);
      if (waiting) {
        // The pending write fails, and ends the exchange.
        ChannelListeners.invokeChannelListener(sink, sink.getWriteListener());
      }
    }
  }
}
