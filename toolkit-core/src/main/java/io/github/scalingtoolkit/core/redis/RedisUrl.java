package io.github.scalingtoolkit.core.redis;

import io.github.scalingtoolkit.core.settings.Secret;
import io.github.scalingtoolkit.core.settings.UrlCredentials;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.HostAndPort;

/**
 * The address of a Redis and its credentials, read from one line.
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
 * @param mode the kind of server
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

  /** The kind of server at the nodes. */
  public enum Mode {
    /** One server. */
    STANDALONE,
    /** Nodes of a Redis Cluster. */
    CLUSTER,
    /** Sentinels that know the server. */
    SENTINEL
  }

  private static final Pattern SCHEME =
      Pattern.compile("(redis|rediss)(\\+cluster|\\+sentinel)?://");
  private static final Pattern HOST =
      Pattern.compile("(\\[[0-9a-fA-F:.%]+]|[\\p{L}\\p{N}._-]+)(?::([0-9]{1,5}))?");

  private static final Pattern HOSTS =
      Pattern.compile("[^:@/?#,]*(:[0-9]*)?(,[^:@/?#,]*(:[0-9]*)?)*(/[^:@?#]*)?");

  /** The parts after user and password that may be shown. */
  private static final Pattern SAFE = Pattern.compile("[A-Za-z0-9.:,/_\\[\\]-]*");

  private static final Pattern PARAMETER = Pattern.compile("[?&]([A-Za-z][A-Za-z0-9_.-]{0,63})=");

  /** Copies the list. */
  public RedisUrl {
    Objects.requireNonNull(mode);
    nodes = List.copyOf(nodes);
  }

  /**
   * Reads a URL.
   *
   * @throws IllegalArgumentException if it has none of the forms above; the message says what to change, and shows neither
   *     user nor password
   */
  public static RedisUrl parse(String url) {
    Matcher scheme = SCHEME.matcher(url);
    if (!scheme.lookingAt()) {
      throw wrong(
          url,
          "it must look like redis://host:port, redis+cluster://host:port,host:port or"
              + " redis+sentinel://host:port,host:port/master (rediss for TLS)");
    }
    Mode mode = scheme.group(2) == null
        ? Mode.STANDALONE
        : scheme.group(2).equals("+cluster") ? Mode.CLUSTER : Mode.SENTINEL;
    String rest = url.substring(scheme.end());
    int sign = rest.lastIndexOf('@');
    UrlCredentials credentials = credentials(url, rest.substring(0, Math.max(sign, 0)));
    String place = rest.substring(sign + 1);
    refuseParameters(url, place);
    int slash = place.indexOf('/');
    String hosts = slash < 0 ? place : place.substring(0, slash);
    List<HostAndPort> nodes = nodes(url, hosts, mode == Mode.SENTINEL ? 26379 : 6379);
    if (mode == Mode.STANDALONE && nodes.size() > 1) {
      throw wrong(url, "several hosts need redis+cluster:// or redis+sentinel://");
    }
    String[] path = slash < 0 || slash == place.length() - 1
        ? new String[0]
        : place.substring(slash + 1).split("/", -1);
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
    return new RedisUrl(
        mode,
        scheme.group(1).equals("rediss"),
        nodes,
        credentials.user(),
        credentials.password(),
        database,
        master);
  }

  private static UrlCredentials credentials(String url, String text) {
    try {
      return UrlCredentials.parse(text);
    } catch (IllegalArgumentException e) {
      throw wrong(url, e.getMessage());
    }
  }

  private static void refuseParameters(String url, String place) {
    int query = place.indexOf('?');
    if (query >= 0) {
      Matcher parameter = PARAMETER.matcher(place.substring(query));
      List<String> names = new ArrayList<>();
      while (parameter.find()) {
        names.add(parameter.group(1));
      }
      throw wrong(
          url,
          "it takes no parameters" + (names.isEmpty() ? "" : ": remove " + String.join(", ", names))
              + " (and a '?' of user or password must be percent-encoded as %3F)");
    }
    if (place.indexOf('#') >= 0) {
      throw wrong(url, "it must not hold '#': in user and password percent-encode it as %23");
    }
  }

  private static List<HostAndPort> nodes(String url, String hosts, int defaultPort) {
    List<HostAndPort> nodes = new ArrayList<>();
    for (String host : hosts.split(",", -1)) {
      Matcher matcher = HOST.matcher(host);
      if (!matcher.matches()) {
        throw wrong(
            url,
            "there must be host or host:port; user and password go before it, as user:password@,"
                + " and you must percent-encode them");
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

  private static IllegalArgumentException wrong(String url, @Nullable String why) {
    return new IllegalArgumentException("Redis URL '" + redacted(url) + "' cannot be used: " + why);
  }

  private static String redacted(String url) {
    int sign = url.lastIndexOf('@');
    int scheme = url.indexOf("://");
    String start = scheme < 0 ? "" : url.substring(0, scheme + 3);
    if (sign >= 0) {
      String place = url.substring(sign + 1);
      return (scheme < sign ? start : "") + "***@"
          + (SAFE.matcher(place).matches() ? place : "***");
    }
    // What has not even the look of hosts may be a password that lacks its host.
    String place = url.substring(start.length());
    int query = place.indexOf('?');
    String shown = query < 0 ? place : place.substring(0, query);
    return start
        + (HOSTS.matcher(shown).matches() && (scheme >= 0 || shown.contains(":")) ? shown : "***")
        + (query < 0 ? "" : "?***");
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
