package io.github.scalingtoolkit.todo.http;

import io.github.scalingtoolkit.core.limit.ClientAddress;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.HeaderValues;
import io.undertow.util.Headers;
import java.net.InetAddress;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds the address of a client behind trusted proxies. A peer that sends {@code X-Forwarded-For} and is not trusted is
 * probably a proxy that nobody configured, behind which all clients share one limit: that is one warning.
 *
 * <p>Safe for use by several threads; never blocks.
 */
public final class Clients {
  private static final Logger log = LoggerFactory.getLogger(Clients.class);

  private final ClientAddress addresses;
  private final AtomicBoolean warned = new AtomicBoolean();

  /** Finds them with {@code addresses}. */
  public Clients(ClientAddress addresses) {
    this.addresses = addresses;
  }

  /** Returns the address of the client of {@code exchange}. */
  public InetAddress address(HttpServerExchange exchange) {
    InetAddress peer = exchange.getSourceAddress().getAddress();
    HeaderValues forwarded = exchange.getRequestHeaders().get(Headers.X_FORWARDED_FOR);
    if (forwarded == null) {
      return addresses.of(peer, List.of());
    }
    if (!addresses.trusts(peer) && warned.compareAndSet(false, true)) {
      log.warn(
          "peer={} header=X-Forwarded-For trusted=false effect=\"its clients share one limit\""
              + " action=\"if it is a proxy of yours, name it in TRUSTED_PROXIES\"",
          peer.getHostAddress());
    }
    return addresses.of(peer, forwarded);
  }

  /** Returns the key of the limit of the client of {@code exchange}. */
  public String key(HttpServerExchange exchange) {
    return ClientAddress.key(address(exchange));
  }
}
