package io.github.scalingtoolkit.core.redis;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.Connection;
import redis.clients.jedis.Protocol;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.util.Pool;

/**
 * Asks each server for its eviction policy, and warns if it may lose data of a component here: once for each
 * policy. Asks again after each recovery, since another server may be there then. Uses INFO, which managed services
 * allow where they do not allow CONFIG.
 *
 * <p>One thread steps it; others may add.
 */
final class EvictionWatch {
  private static final Logger log = LoggerFactory.getLogger(EvictionWatch.class);
  private static final Pattern POLICY = Pattern.compile("maxmemory_policy:(\\S+)");

  private record Watch(String risk, Predicate<String> harmful) {}

  private final Map<String, Watch> watches = new ConcurrentHashMap<>();
  private final Set<String> told = ConcurrentHashMap.newKeySet();
  private volatile boolean due;

  void add(String who, String risk, Predicate<String> harmful) {
    watches.putIfAbsent(who, new Watch(risk, harmful));
    due = true;
  }

  void askAgain() {
    due = true;
  }

  boolean isDue() {
    return due && !watches.isEmpty();
  }

  /** Asks and warns. Is due again if this throws. */
  void doWork(Map<String, ? extends Pool<Connection>> nodes) {
    due = false;
    Set<String> policies = new TreeSet<>();
    try {
      for (Pool<Connection> pool : nodes.values()) {
        policies.addAll(policies(pool));
      }
    } catch (RuntimeException unreachable) {
      due = true;
      throw unreachable;
    }
    for (String policy : policies) {
      watches.forEach((who, watch) -> {
        if (watch.harmful().test(policy) && told.add(who + " " + policy)) {
          log.warn(
              "{} maxmemory-policy={} risk=\"{}\" action=\"set noeviction\"",
              who,
              policy,
              watch.risk());
        }
      });
    }
  }

  /** Returns the one policy of a server, or none if it does not tell. */
  private static Set<String> policies(Pool<Connection> pool) {
    try (Connection connection = pool.getResource()) {
      Object reply =
          connection.executeCommand(new CommandArguments(Protocol.Command.INFO).add("memory"));
      Matcher matcher = POLICY.matcher(
          reply instanceof byte[] text ? new String(text, StandardCharsets.US_ASCII) : "");
      return matcher.find() ? Set.of(matcher.group(1).toLowerCase(Locale.ROOT)) : Set.of();
    } catch (JedisDataException mayNotAsk) {
      log.debug("maxmemory-policy=unknown cause={}", mayNotAsk.getClass().getName());
      return Set.of();
    }
  }
}
