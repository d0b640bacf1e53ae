package io.github.scalingtoolkit.core.lease;

import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.testing.RedisServer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import redis.clients.jedis.Jedis;

/** A Redis of the tests, what it holds of a lease, and the leases that they open on it. */
final class RedisForLeases implements AfterEachCallback, AfterAllCallback {
  static final Duration LONG = Duration.ofSeconds(60);

  private final RedisServer server = RedisServer.start();
  private final RedisAccess access =
      RedisAccess.builder(server.url()).deadline(Duration.ofSeconds(20)).build();
  private final List<Leases> opened = new ArrayList<>();

  RedisServer server() {
    return server;
  }

  RedisAccess access() {
    return access;
  }

  Leases leases(Duration lifetime) {
    return leases(access, lifetime);
  }

  /** As {@link #leases(Duration)}, by a way of its own to this Redis. */
  Leases leases(RedisAccess access, Duration lifetime) {
    Leases leases = Leases.builder(access).lifetime(lifetime).build();
    opened.add(leases);
    return leases;
  }

  /** Closes what a test has opened. */
  void closeLeases() {
    opened.forEach(Leases::close);
    opened.clear();
  }

  boolean isHeld(String name) {
    try (Jedis jedis = server.connect()) {
      return jedis.exists("lease:{" + name + "}:holders");
    }
  }

  double endOf(String name) {
    try (Jedis jedis = server.connect()) {
      return jedis.zrangeWithScores("lease:{" + name + "}:holders", 0, 0).get(0).getScore();
    }
  }

  /** Returns how many scripts this Redis has run. */
  long scripts() {
    try (Jedis jedis = server.connect()) {
      return jedis
          .info("commandstats")
          .lines()
          .filter(line -> line.startsWith("cmdstat_eval"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("[^:]*:calls=([0-9]+).*", "$1")))
          .sum();
    }
  }

  void forget(String name) {
    try (Jedis jedis = server.connect()) {
      jedis.del("lease:{" + name + "}:holders", "lease:{" + name + "}:token");
    }
  }

  @Override
  public void afterEach(ExtensionContext test) {
    closeLeases();
  }

  @Override
  public void afterAll(ExtensionContext tests) {
    access.close();
    server.close();
  }

  /** Starts a call on a thread of its own. */
  static <T> CompletableFuture<T> async(Callable<T> call) {
    CompletableFuture<T> result = new CompletableFuture<>();
    Thread thread = new Thread(() -> {
      try {
        result.complete(call.call());
      } catch (Throwable failure) {
        result.completeExceptionally(failure);
      }
    });
    thread.setDaemon(true);
    thread.start();
    return result;
  }
}
