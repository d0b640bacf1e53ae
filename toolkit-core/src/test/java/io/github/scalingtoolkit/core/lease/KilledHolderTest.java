package io.github.scalingtoolkit.core.lease;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.testing.RedisServer;
import java.io.BufferedReader;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.Jedis;

/** A holder that is killed in a process of its own. */
class KilledHolderTest {

  /** Holds {@code lock} in the Redis that is named, says its token, and never ends by itself. */
  static final class Holder {
    private Holder() {}

    public static void main(String[] arguments) throws InterruptedException {
      RedisAccess redis =
          RedisAccess.builder(arguments[0]).deadline(Duration.ofSeconds(20)).build();
      Leases leases = Leases.builder(redis).lifetime(Duration.ofSeconds(2)).build();
      Lease lease = leases.acquire("lock", Duration.ofSeconds(20)).orElseThrow();
      System.out.println("token=" + lease.token());
      new CountDownLatch(1).await();
    }
  }

  @Test
  void isSucceededWithinItsLifetimeUnderAGreaterToken() throws Exception {
    try (RedisServer server = RedisServer.start();
        RedisAccess redis =
            RedisAccess.builder(server.url()).deadline(Duration.ofSeconds(20)).build();
        Leases leases = Leases.open(redis)) {
      Process holder = new ProcessBuilder(
              Path.of(System.getProperty("java.home"), "bin", "java").toString(),
              "-cp",
              System.getProperty("java.class.path"),
              Holder.class.getName(),
              server.url())
          .redirectError(ProcessBuilder.Redirect.DISCARD)
          .start();
      try (BufferedReader said = holder.inputReader()) {
        long token = Long.parseLong(said.readLine().replace("token=", ""));
        assertThat(leases.acquire("lock", Duration.ZERO)).isEmpty();

        holder.destroyForcibly();
        assertThat(holder.waitFor(30, TimeUnit.SECONDS)).isTrue();
        long killed = millis(server);

        Lease next = leases.acquire("lock", Duration.ofSeconds(60)).orElseThrow();
        assertThat(next.token()).isGreaterThan(token);
        // A token is Redis' time, so the bound is by its clock; 1 s is for the one who waits.
        long handedOver = next.token() / 1000;
        assertThat(handedOver).isLessThan(killed + 2_000 + 1_000);
      } finally {
        holder.destroyForcibly();
      }
    }
  }

  private static long millis(RedisServer server) {
    try (Jedis jedis = server.connect()) {
      List<String> time = jedis.time();
      return Long.parseLong(time.get(0)) * 1000 + Long.parseLong(time.get(1)) / 1000;
    }
  }
}
