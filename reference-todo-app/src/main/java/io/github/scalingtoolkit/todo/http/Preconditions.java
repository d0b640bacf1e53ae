package io.github.scalingtoolkit.todo.http;

import io.undertow.server.HttpServerExchange;
import io.undertow.util.HeaderMap;
import io.undertow.util.HeaderValues;
import io.undertow.util.Headers;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The conditions of a request on the state of what it names: {@code If-Match} and {@code If-None-Match} (RFC 9110, 13).
 * Immutable.
 */
public final class Preconditions {
  private final @Nullable List<String> ifMatch;
  private final @Nullable List<String> ifNoneMatch;

  private Preconditions(@Nullable List<String> ifMatch, @Nullable List<String> ifNoneMatch) {
    this.ifMatch = ifMatch;
    this.ifNoneMatch = ifNoneMatch;
  }

  /** Returns those of {@code exchange}. */
  public static Preconditions of(HttpServerExchange exchange) {
    HeaderMap headers = exchange.getRequestHeaders();
    return new Preconditions(
        tags(headers.get(Headers.IF_MATCH)), tags(headers.get(Headers.IF_NONE_MATCH)));
  }

  /** Tells whether there is a condition at all. */
  public boolean isNeeded() {
    return ifMatch != null || ifNoneMatch != null;
  }

  /**
   * Tells whether a change may be made to something that exists.
   *
   * @param etag its strong tag, with its quotes
   */
  public boolean allowChange(String etag) {
    return (ifMatch == null || ifMatch.contains("*") || ifMatch.contains(etag)) && !isKnown(etag);
  }

  /** Tells whether the client has the state of this tag already; compares weakly. */
  boolean isKnown(String etag) {
    if (ifNoneMatch == null) {
      return false;
    }
    for (String tag : ifNoneMatch) {
      if (tag.equals("*") || tag.equals(etag) || tag.equals("W/" + etag)) {
        return true;
      }
    }
    return false;
  }

  private static @Nullable List<String> tags(@Nullable HeaderValues lines) {
    return lines == null ? null : HeaderLists.elements(lines);
  }
}
