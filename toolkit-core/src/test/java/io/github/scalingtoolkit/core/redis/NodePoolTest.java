package io.github.scalingtoolkit.core.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.core.time.Deadline;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.RedisServer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.Connection;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.JedisClientConfig;
import redis.clients.jedis.exceptions.JedisConnectionException;

class NodePoolTest {
  private static RedisServer server;
  private final Renewals renewals = new Renewals("shop@node", new RefusedWrites());

  @BeforeAll
  static void start() {
    server = RedisServer.start();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @AfterEach
  void goOn() {
    server.resume();
  }

  private NodePool pool(int size, JedisClientConfig config) {
    HostAndPort node = new HostAndPort("127.0.0.1", server.port());
    NodePool pool = new NodePool(
        node,
        new NodeConnections(node, config, new Rights("shop@node", Clock.system()), renewals),
        size,
        Duration.ofSeconds(30),
        Duration.ofSeconds(30));
    renewals.add(pool);
    return pool;
  }

  private NodePool pool(int size) {
    return pool(size, DefaultJedisClientConfig.builder().build());
  }

  @Test
  void aCallerThatWaitsIsToldThatThePoolIsClosed() throws Exception {
    NodePool pool = pool(1);
    Connection held = pool.getResource();
    CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
    CompletableFuture<RuntimeException> failed = new CompletableFuture<>();
    Thread waiter = new Thread(() -> {
      try {
        pool.getResource();
      } catch (RuntimeException closed) {
        interrupted.complete(Thread.currentThread().isInterrupted());
        failed.complete(closed);
      }
    });
    waiter.start();
    Await.until("it waits", () -> pool.getNumWaiters() == 1);

    pool.close();

    assertThat(failed.get(20, TimeUnit.SECONDS))
        .isInstanceOf(JedisConnectionException.class)
        .hasMessageEndingWith("are closed");
    assertThat(interrupted.get()).isFalse();
    held.close();
  }

  @Test
  void anUnreadablePasswordLeavesNoConnection() {
    IllegalStateException gone = new IllegalStateException("the secret's file is gone");
    try (NodePool pool = pool(
            1,
            DefaultJedisClientConfig.builder()
                .credentialsProvider(() -> {
                  throw gone;
                })
                .build());
        Jedis admin = server.connect()) {
      assertThatThrownBy(pool::getResource).isSameAs(gone);

      assertThat(RedisFailure.of(gone)).isEqualTo(RedisFailure.THIS_PROCESS);
      Await.until(
          "only the test's own is left", () -> admin.clientList().lines().count() == 1);
    }
  }

  @Test
  void aCallerWithoutTimeForAPingLeavesTheOtherIdleConnections() {
    try (NodePool pool = pool(2)) {
      Connection one = pool.getResource();
      pool.getResource().close();
      one.close();
      long from = System.nanoTime();
      Await.until("both have idled", () -> System.nanoTime() - from > 1_100_000_000L);
      server.pause();

      assertThatThrownBy(
              () -> Deadline.after(Duration.ofMillis(20), Clock.system()).call(pool::getResource))
          .isInstanceOf(JedisConnectionException.class);

      assertThat(pool.getNumIdle()).isEqualTo(1);
    }
  }

  @Test
  void anObstacleSaysThatThePoolIsTooSmall() {
    NoConnectionException none = new NoConnectionException("node", Duration.ofMillis(1), 64, 64, 1);

    assertThat(Obstacle.of(none, "node").action()).isEqualTo("give that client a larger pool");
  }
}
