package io.github.scalingtoolkit.core.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.FaultProxy;
import io.github.scalingtoolkit.testing.Ports;
import io.github.scalingtoolkit.testing.RedisSentinel;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.JedisClientConfig;
import redis.clients.jedis.UnifiedJedis;
import redis.clients.jedis.exceptions.JedisException;

/** What several accesses to one URL share, and what they do not open unless it is used. */
class SentinelSharingTest {
  private static long listeners() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().contains("-SentinelListener-"))
        .count();
  }

  @Test
  void sentinelsThatDoNotAnswerHoldUpNobodyWhoAsksOthers() throws Exception {
    JedisClientConfig patient =
        DefaultJedisClientConfig.builder().socketTimeoutMillis(60_000).build();
    HostAndPort closed = new HostAndPort("127.0.0.1", Ports.free());
    try (ServerSocket silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      HostAndPort hangs = new HostAndPort("127.0.0.1", silent.getLocalPort());
      CompletableFuture<Throwable> failed = new CompletableFuture<>();
      Thread waits = new Thread(
          () -> failed.complete(catchThrowable(() -> Sentinels.open(key(hangs), patient))));
      waits.start();
      try (Socket asked = silent.accept()) {
        assertThatThrownBy(() -> Sentinels.open(key(closed), patient))
            .isInstanceOf(JedisException.class);

        assertThat(failed).isNotDone();
        silent.close();
        assertThat(asked.isConnected()).isTrue();
      }
      assertThat(failed.get(60, TimeUnit.SECONDS)).isInstanceOf(JedisException.class);
    }
  }

  private static Sentinels.Key key(HostAndPort sentinel) {
    return new Sentinels.Key(Set.of(sentinel), "main", false, null, null);
  }

  @Test
  void whatIsClosedWhileAListenerConnectsLeavesNone() {
    JedisClientConfig patient =
        DefaultJedisClientConfig.builder().socketTimeoutMillis(60_000).build();
    Await.until("there is no listener", () -> listeners() == 0);
    try (RedisSentinel servers = RedisSentinel.start();
        FaultProxy proxy =
            FaultProxy.to(RedisUrl.parse(servers.url()).nodes().get(0).getPort())) {
      proxy.delay(Duration.ofMillis(300));

      Sentinels.open(key(new HostAndPort("127.0.0.1", proxy.port())), patient).close();

      Await.until("none is left", () -> listeners() == 0);
    }
  }

  @Test
  void accessesOfOneUrlShareOneListenerPerSentinel() throws Exception {
    // Those of a test before end after it.
    Await.until("there is no listener", () -> listeners() == 0);
    List<RedisAccess> accesses = new ArrayList<>();
    try (RedisSentinel servers = RedisSentinel.start();
        Jedis master = servers.master().connect();
        AutoCloseable all = () -> accesses.forEach(RedisAccess::close)) {
      assertThat(all).isNotNull();
      for (int i = 0; i < 3; i++) {
        accesses.add(RedisAccess.builder(servers.url())
            .name("shop" + i)
            .deadline(Duration.ofSeconds(30))
            .build());
      }
      accesses.add(accesses.get(0).sibling("shop3", Duration.ofSeconds(30)));

      accesses.forEach(redis -> redis.call(UnifiedJedis::ping));

      assertThat(listeners()).isEqualTo(1);
      assertThat(master.clientList().lines().filter(line -> line.contains(" name=shop")))
          .hasSize(4);
      accesses.get(0).blocking().ping();
      assertThat(listeners()).isEqualTo(1);
      accesses.remove(0).close();
      assertThat(listeners()).isEqualTo(1);
      accesses.forEach(redis -> assertThat(redis.call(UnifiedJedis::ping)).isEqualTo("PONG"));
      accesses.forEach(RedisAccess::close);
      Await.until("no listener is left", () -> listeners() == 0);
    }
  }
}
