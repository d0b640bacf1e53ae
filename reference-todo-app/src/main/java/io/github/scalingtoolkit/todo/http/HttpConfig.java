package io.github.scalingtoolkit.todo.http;

import java.time.Duration;
import java.util.Set;

/**
 * A server's address and limits.
 *
 * @param name its name in messages
 * @param host the address to bind
 * @param port the port; 0 for any that is free
 * @param maxBody most bytes of a request's body
 * @param maxInFlight most requests handled at a time; as many again wait, and the rest get 503. As many bodies again
 *     may be uploading
 * @param parseTimeout how long a client may take for a request's head, as long again for its whole body, and about as
 *     long to read the answer
 * @param idleTimeout how long a connection may be idle between requests; longer than a balancer in front keeps it
 * @param corsOrigins origins whose pages may read answers, or {@code *}
 * @param behindBalancer whether the only peer is our balancer, which passes the client's address on
 */
public record HttpConfig(
    String name,
    String host,
    int port,
    long maxBody,
    int maxInFlight,
    Duration parseTimeout,
    Duration idleTimeout,
    Set<String> corsOrigins,
    boolean behindBalancer) {
  /** Copies the set. */
  public HttpConfig {
    corsOrigins = Set.copyOf(corsOrigins);
  }

  /** Returns the defaults for {@code name} at {@code host:port}. */
  public static HttpConfig at(String name, String host, int port) {
    return new HttpConfig(
        name,
        host,
        port,
        100 * 1024,
        256,
        Duration.ofSeconds(10),
        Duration.ofSeconds(75),
        Set.of("*"),
        false);
  }
}
