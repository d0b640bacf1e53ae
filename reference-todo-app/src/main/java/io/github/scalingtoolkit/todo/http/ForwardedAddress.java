package io.github.scalingtoolkit.todo.http;

import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.Headers;
import io.undertow.util.NetworkUtils;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/** Takes the client's address from the balancer, which puts exactly one there whatever the client sent. */
final class ForwardedAddress implements HttpHandler {
  private final HttpHandler next;

  ForwardedAddress(HttpHandler next) {
    this.next = next;
  }

  @Override
  public void handleRequest(HttpServerExchange exchange) throws Exception {
    String forwarded = exchange.getRequestHeaders().getFirst(Headers.X_FORWARDED_FOR);
    if (forwarded != null) {
      exchange.setSourceAddress(new InetSocketAddress(parse(forwarded), 0));
    }
    next.handleRequest(exchange);
  }

  /** Never asks a name server: what is no address stays the balancer's own. */
  private static InetAddress parse(String text) {
    try {
      return text.contains(":")
          ? NetworkUtils.parseIpv6Address(text)
          : NetworkUtils.parseIpv4Address(text);
    } catch (IOException notAnAddress) {
      return InetAddress.getLoopbackAddress();
    }
  }
}
