package io.github.scalingtoolkit.todo.cluster;

import io.github.scalingtoolkit.todo.http.WholeBodies;
import io.undertow.connector.ByteBufferPool;
import io.undertow.connector.PooledByteBuffer;
import io.undertow.server.Connectors;
import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.Headers;
import io.undertow.util.SameThreadExecutor;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads a request's body before a worker is chosen: a slow client occupies no worker, a body that is too long is refused here,
 * and a worker gets all of it or nothing.
 */
final class WholeBody implements HttpHandler {
  private final WholeBodies bodies;
  private final HttpHandler next;

  /** Passes the body read by {@code bodies} to {@code next}. */
  WholeBody(WholeBodies bodies, HttpHandler next) {
    this.bodies = bodies;
    this.next = next;
  }

  @Override
  public void handleRequest(HttpServerExchange exchange) throws Exception {
    if (exchange.isRequestComplete()) {
      next.handleRequest(exchange);
    } else {
      bodies.read(exchange, this::read);
    }
  }

  private void read(HttpServerExchange exchange, byte[] body) {
    exchange.getRequestHeaders().remove(Headers.TRANSFER_ENCODING);
    exchange.getRequestHeaders().remove(Headers.EXPECT);
    exchange.getRequestHeaders().put(Headers.CONTENT_LENGTH, body.length);
    if (body.length > 0) {
      Connectors.ungetRequestBytes(exchange, pooled(exchange, body));
      Connectors.resetRequestChannel(exchange);
    }
    exchange.dispatch(SameThreadExecutor.INSTANCE, next);
  }

  private static PooledByteBuffer[] pooled(HttpServerExchange exchange, byte[] body) {
    ByteBufferPool pool = exchange.getConnection().getByteBufferPool();
    List<PooledByteBuffer> buffers = new ArrayList<>();
    int from = 0;
    while (from < body.length) {
      PooledByteBuffer buffer = pool.allocate();
      int length = Math.min(buffer.getBuffer().remaining(), body.length - from);
      buffer.getBuffer().put(body, from, length).flip();
      buffers.add(buffer);
      from += length;
    }
    return buffers.toArray(PooledByteBuffer[]::new);
  }
}
