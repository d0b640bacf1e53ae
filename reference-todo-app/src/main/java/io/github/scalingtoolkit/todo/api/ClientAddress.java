package io.github.scalingtoolkit.todo.api;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.HexFormat;

/** Names a client by its address: of an IPv6 one the first 56 bits, since one client has all the rest. */
final class ClientAddress {
  private static final int IPV6_PREFIX_BYTES = 7;

  private ClientAddress() {}

  static String key(InetSocketAddress source) {
    InetAddress address = source.getAddress();
    byte[] bytes = address.getAddress();
    return HexFormat.of()
        .formatHex(
            address instanceof Inet6Address ? Arrays.copyOf(bytes, IPV6_PREFIX_BYTES) : bytes);
  }
}
