package io.github.scalingtoolkit.todo.http;

import io.undertow.server.HttpServerExchange;
import org.jspecify.annotations.Nullable;

/** A body that is the same for all clients, and is compressed once. Safe for use by several threads. */
public final class FixedBody {
  private final String contentType;
  private final String etag;
  private final byte[] plain;
  private volatile byte @Nullable [] encoded;

  /**
   * Answers with {@code bytes}, which must not change afterwards.
   *
   * @param etag their strong tag, with its quotes
   */
  public FixedBody(String contentType, String etag, byte[] bytes) {
    this.contentType = contentType;
    this.etag = etag;
    plain = bytes;
  }

  /** Answers with it, or 304 if the client has it. May be called on an IO thread. */
  public void answer(HttpServerExchange exchange) {
    Respond.tagged(exchange, contentType, etag, plain.length, () -> plain, this::encoded);
  }

  /** Several threads that are the first may compress it at once, to the same bytes. */
  byte[] encoded() {
    byte[] known = encoded;
    if (known == null) {
      known = Gzip.encode(plain);
      encoded = known;
    }
    return known;
  }
}
