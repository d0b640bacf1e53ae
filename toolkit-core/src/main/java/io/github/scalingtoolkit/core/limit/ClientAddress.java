package io.github.scalingtoolkit.core.limit;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Finds the address of a client behind proxies, and the key of its limit.
 *
 * <p>Any client can write {@code X-Forwarded-For}; a proxy only appends the address of its peer. So the header is read from its
 * end, and only as long as the writer of an entry is trusted: the first address that is not one of the trusted
 * proxies is the client. Entries before it may be forged and are not read. Without trusted proxies the header is not
 * read at all.
 *
 * <p>Never asks a name server. Immutable and safe for use by several threads.
 */
public final class ClientAddress {
  /** Of an IPv6 address: one site has a /56 or more, so a client could use every address below it. */
  private static final int IPV6_KEY_BYTES = 7;

  private static final int MOST_ENTRIES = 64;
  private static final Pattern IPV4 = Pattern.compile(
      "(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)(\\.(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)){3}");
  private static final Pattern IPV4_PORT = Pattern.compile("([0-9.]+):[0-9]{1,5}");
  private static final Pattern IPV6_BRACKETS = Pattern.compile("\\[([^\\]]+)\\](:[0-9]{1,5})?");

  /** Addresses that share their first {@code bits} bits. */
  private record Network(byte[] address, int bits) {
    boolean contains(byte[] other) {
      if (other.length != address.length) {
        return false;
      }
      for (int bit = 0; bit < bits; bit += 8) {
        int mask = bits - bit >= 8 ? 0xff : 0xff << (8 - (bits - bit)) & 0xff;
        if (((address[bit / 8] ^ other[bit / 8]) & mask) != 0) {
          return false;
        }
      }
      return true;
    }
  }

  private final List<Network> trusted;

  private ClientAddress(List<Network> trusted) {
    this.trusted = trusted;
  }

  /**
   * Trusts the proxies in these networks.
   *
   * @param networks such as {@code 10.0.0.0/8}, {@code fd00::/8} or a single address; none to trust no proxy
   * @throws IllegalArgumentException if one is not such a network
   */
  public static ClientAddress behind(String... networks) {
    List<Network> trusted = new ArrayList<>();
    for (String network : networks) {
      trusted.add(network(network.strip()));
    }
    return new ClientAddress(List.copyOf(trusted));
  }

  /**
   * Returns the client's address.
   *
   * @param peer the address that opened the connection
   * @param forwardedFor the values of every {@code X-Forwarded-For} header of the request, in order; empty or null if
   *     there is none, as servers give it. An entry may have a port. An entry that is not an address ends the reading:
   *     its client is unknown, so the proxy that wrote it is the client
   */
  public InetAddress of(InetAddress peer, @Nullable List<String> forwardedFor) {
    InetAddress client = peer;
    if (forwardedFor == null) {
      return client;
    }
    int read = 0;
    for (int header = forwardedFor.size() - 1; header >= 0; header--) {
      String[] entries = forwardedFor.get(header).split(",", -1);
      for (int i = entries.length - 1; i >= 0; i--) {
        InetAddress next =
            !trusts(client) || ++read > MOST_ENTRIES ? null : parse(entries[i].strip());
        if (next == null) {
          return client;
        }
        client = next;
      }
    }
    return client;
  }

  /** Returns the key of a client's limit, in hex: an IPv4 address, or the first 56 bits of an IPv6 address. */
  public static String key(InetAddress client) {
    byte[] bytes = client.getAddress();
    return HexFormat.of()
        .formatHex(client instanceof Inet6Address ? Arrays.copyOf(bytes, IPV6_KEY_BYTES) : bytes);
  }

  /** Tells whether {@code address} is one of the trusted proxies. */
  public boolean trusts(InetAddress address) {
    byte[] bytes = address.getAddress();
    return trusted.stream().anyMatch(network -> network.contains(bytes));
  }

  private static Network network(String text) {
    int slash = text.indexOf('/');
    InetAddress address = parse(slash < 0 ? text : text.substring(0, slash));
    if (address != null) {
      int most = address.getAddress().length * 8;
      String length = slash < 0 ? Integer.toString(most) : text.substring(slash + 1);
      if (length.matches("[0-9]{1,3}") && Integer.parseInt(length) <= most) {
        return new Network(address.getAddress(), Integer.parseInt(length));
      }
    }
    throw new IllegalArgumentException(
        "a trusted proxy must be an address or a network such as 10.0.0.0/8 but was '" + text
            + "'");
  }

  /** Reads a literal address; text that the platform would resolve as a host name never reaches it. */
  private static @Nullable InetAddress parse(String text) {
    String bare = text.length() > 64 ? "" : text;
    var port = IPV4_PORT.matcher(bare);
    var brackets = IPV6_BRACKETS.matcher(bare);
    if (port.matches()) {
      bare = port.group(1);
    } else if (brackets.matches()) {
      bare = brackets.group(1);
    }
    boolean literal =
        IPV4.matcher(bare).matches() || (bare.contains(":") && bare.matches("[0-9a-fA-F:.]+"));
    if (!literal) {
      return null;
    }
    try {
      return InetAddress.getByName(bare);
    } catch (UnknownHostException malformed) {
      return null;
    }
  }
}
