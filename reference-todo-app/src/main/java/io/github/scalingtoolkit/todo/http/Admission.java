package io.github.scalingtoolkit.todo.http;

import io.undertow.server.HttpServerExchange;

/**
 * Who may send a request of a route. {@link Front} asks it once for each request, on the IO thread, before it reads a body,
 * takes a place among the requests in progress, or takes a thread. Must not block.
 */
@FunctionalInterface
public interface Admission {
  /** Admits everybody. */
  Admission EVERYBODY = exchange -> {};

  /**
   * Returns if the request is admitted.
   *
   * @throws ProblemException the answer to a request that is not
   */
  void admit(HttpServerExchange exchange);

  /** Returns an admission that asks this and then {@code further}. */
  default Admission and(Admission further) {
    return exchange -> {
      admit(exchange);
      further.admit(exchange);
    };
  }
}
