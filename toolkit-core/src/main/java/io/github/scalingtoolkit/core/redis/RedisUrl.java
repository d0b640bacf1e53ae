package io.github.scalingtoolkit.core.redis;

import io.github.scalingtoolkit.core.settings.Secret;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.HostAndPort;

/**
 * Where a Redis is and how to get in, read from one line.
 *
 * <p>Forms, where {@code user:password@} may stand before the hosts, percent-encoded:
 *
 * <ul>
 *   <li>{@code redis://host[:port][/database]}
 *   <li>{@code redis+cluster://host[:port],host[:port]}
 *   <li>{@code redis+sentinel://host[:port],host[:port]/master[/database]}
 *   <li>the same with {@code rediss} for TLS
 * </ul>
 *
 * <p>The port is 6379 unless named, 26379 for sentinels. {@link #toString()} shows no password.
 *
 * @param mode what answers there
 * @param tls whether connections are encrypted, with the certificate and the host name checked
 * @param nodes the server, or cluster nodes or sentinels to start from; at least one
 * @param user the ACL user, or null for the default one
 * @param password its password, or null for none
 * @param database number of the database; 0 on a cluster
 * @param master name of the master that the sentinels watch; null in other modes
 */
public record RedisUrl(
    Mode mode,
    boolean tls,
    List<HostAndPort> nodes,
    @Nullable String user,
    @Nullable Secret password,
    int database,
    @Nullable String master) {

  /** What answers at the nodes. */
  public enum Mode {
    /** One server. */
    STANDALONE,
    /** Nodes of a Redis Cluster. */
    CLUSTER,
    /** Sentinels that know the server. */
    SENTINEL
  }

  private static final Pattern FORM = Pattern.compile(
      "(redis|rediss)(\\+cluster|\\+sentinel)?://(?:([^@/]*)@)?([^/?#@]+)(?:/([^?#]*))?");
  private static final Pattern HOST =
      Pattern.compile("(\\[[0-9a-fA-F:.%]+]|[^:\\[\\]\\s]+)(?::([0-9]{1,5}))?");

  private static final Pattern HOSTS =
      Pattern.compile("[^:@/,]*(:[0-9]*)?(,[^:@/,]*(:[0-9]*)?)*(/[^:@]*)?");

  /** Copies the list. */
  public RedisUrl {
    Objects.requireNonNull(mode);
    nodes = List.copyOf(nodes);
  }

  /**
   * Reads a URL.
   *
   * @throws IllegalArgumentException if it has none of the forms above; the message shows no password
   */
  public static RedisUrl parse(String url) {
    Matcher matcher = FORM.matcher(url);
    if (!matcher.matches()) {
      throw wrong(
          url,
          "it must look like redis://host:port, redis+cluster://host:port,host:port or"
              + " redis+sentinel://host:port,host:port/master (rediss for TLS)");
    }
    Mode mode = matcher.group(2) == null
        ? Mode.STANDALONE
        : matcher.group(2).equals("+cluster") ? Mode.CLUSTER : Mode.SENTINEL;
    List<HostAndPort> nodes = nodes(url, matcher.group(4), mode == Mode.SENTINEL ? 26379 : 6379);
    if (mode == Mode.STANDALONE && nodes.size() > 1) {
      throw wrong(url, "several hosts need redis+cluster:// or redis+sentinel://");
    }
    String[] path = matcher.group(5) == null || matcher.group(5).isEmpty()
        ? new String[0]
        : matcher.group(5).split("/", -1);
    String master = null;
    int at = 0;
    if (mode == Mode.SENTINEL) {
      if (path.length == 0 || path[0].isEmpty()) {
        throw wrong(
            url, "a sentinel URL must name the master: redis+sentinel://host:port/mymaster");
      }
      master = path[at++];
    }
    int database = at < path.length ? database(url, path[at++]) : 0;
    if (at < path.length) {
      throw wrong(url, "nothing may follow the database number");
    }
    if (mode == Mode.CLUSTER && database != 0) {
      throw wrong(url, "a Redis Cluster has database 0 only");
    }
    String user = null;
    Secret password = null;
    String userInfo = matcher.group(3);
    if (userInfo != null && !userInfo.isEmpty()) {
      int colon = userInfo.indexOf(':');
      String name = decode(url, colon < 0 ? userInfo : userInfo.substring(0, colon));
      user = name.isEmpty() ? null : name;
      password = colon < 0 ? null : Secret.of(decode(url, userInfo.substring(colon + 1)));
    }
    return new RedisUrl(
        mode, matcher.group(1).equals("rediss"), nodes, user, password, database, master);
  }

  private static List<HostAndPort> nodes(String url, String hosts, int defaultPort) {
    List<HostAndPort> nodes = new ArrayList<>();
    for (String host : hosts.split(",", -1)) {
      Matcher matcher = HOST.matcher(host);
      if (!matcher.matches()) {
        throw wrong(url, "there must be host or host:port, and user and password percent-encoded");
      }
      int port = matcher.group(2) == null ? defaultPort : Integer.parseInt(matcher.group(2));
      if (port < 1 || port > 65535) {
        throw wrong(url, "port must be 1 to 65535 but was " + port);
      }
      String name = matcher.group(1);
      nodes.add(new HostAndPort(
          name.startsWith("[") ? name.substring(1, name.length() - 1) : name, port));
    }
    return nodes;
  }

  private static int database(String url, String text) {
    if (text.isEmpty()) {
      return 0;
    }
    if (!text.matches("[0-9]{1,6}")) {
      throw wrong(url, "the database must be a number");
    }
    return Integer.parseInt(text);
  }

  private static String decode(String url, String text) {
    try {
      return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      throw wrong(url, "user and password must be percent-encoded");
    }
  }

  private static IllegalArgumentException wrong(String url, String why) {
    return new IllegalArgumentException("Redis URL '" + redacted(url) + "' cannot be used: " + why);
  }

  private static String redacted(String url) {
    int at = url.lastIndexOf('@');
    int scheme = url.indexOf("://");
    if (at < 0) {
      // What has not even the look of hosts may be a password that lacks its host.
      return scheme < 0 || HOSTS.matcher(url.substring(scheme + 3)).matches()
          ? url
          : url.substring(0, scheme + 3) + "***";
    }
    return (scheme >= 0 && scheme < at ? url.substring(0, scheme + 3) : "") + "***"
        + url.substring(at);
  }

  /** Returns the URL with {@code ***} in place of user and password. */
  @Override
  public String toString() {
    String scheme = (tls ? "rediss" : "redis")
        + switch (mode) {
          case STANDALONE -> "";
          case CLUSTER -> "+cluster";
          case SENTINEL -> "+sentinel";
        };
    String hosts = nodes.stream().map(HostAndPort::toString).collect(Collectors.joining(","));
    return scheme + "://" + (user == null && password == null ? "" : "***@") + hosts
        + (master == null ? "" : "/" + master)
        + (database == 0 ? "" : "/" + database);
  }
}
