package io.github.scalingtoolkit.todo.cluster;

import io.github.scalingtoolkit.todo.http.Problem;
import io.undertow.connector.ByteBufferPool;
import io.undertow.connector.PooledByteBuffer;
import io.undertow.io.Receiver;
import io.undertow.server.Connectors;
import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.Headers;
import io.undertow.util.SameThreadExecutor;
import io.undertow.util.StatusCodes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.function.BiConsumer;

/**
 * Reads a request's body before a worker is chosen: a slow client keeps none busy, one that is too long is refused here,
 * and a worker gets all of it or nothing.
 */
final class WholeBody implements HttpHandler {
  private final int most;
  private final Semaphore reading;
  private final HttpHandler next;
  private final BiConsumer<HttpServerExchange, Problem> refusal;

  /**
   * Passes bodies of {@code most} bytes at most to {@code next}; the rest get a problem by {@code refusal}.
   *
   * @param mostAtATime how many may be on their way
   */
  WholeBody(
      long most,
      int mostAtATime,
      HttpHandler next,
      BiConsumer<HttpServerExchange, Problem> refusal) {
    this.most = Math.toIntExact(most);
    reading = new Semaphore(mostAtATime);
    this.next = next;
    this.refusal = refusal;
  }

  @Override
  public void handleRequest(HttpServerExchange exchange) throws Exception {
    if (exchange.isRequestComplete()) {
      next.handleRequest(exchange);
      return;
    }
    if (exchange.getRequestContentLength() > most) {
      tooLarge(exchange);
      return;
    }
    if (!reading.tryAcquire()) {
      exchange.setPersistent(false);
      refusal.accept(
          exchange,
          Problem.unavailable("Service unavailable", Duration.ofSeconds(1))
              .detail("Too many bodies are on their way."));
      return;
    }
    Receiver receiver = exchange.getRequestReceiver();
    receiver.setMaxBufferSize(most);
    receiver.receiveFullBytes(this::read, (failed, failure) -> {
      reading.release();
      if (failure instanceof Receiver.RequestToLargeException) {
        tooLarge(failed);
      } else {
        // The client has gone or was too slow: there is nobody to answer.
        failed.setPersistent(false);
        failed.endExchange();
      }
    });
  }

  private void read(HttpServerExchange exchange, byte[] body) {
    reading.release();
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

  private void tooLarge(HttpServerExchange exchange) {
    exchange.setPersistent(false);
    refusal.accept(
        exchange,
        Problem.of(StatusCodes.REQUEST_ENTITY_TOO_LARGE, "Body too large")
            .detail("A body may have " + most + " bytes at most."));
  }
}
