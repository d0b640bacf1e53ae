package io.github.scalingtoolkit.core.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.scalingtoolkit.core.lifecycle.BlockingThreads;
import io.github.scalingtoolkit.testing.RedisServer;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.UnifiedJedis;
import redis.clients.jedis.args.ClientType;
import redis.clients.jedis.exceptions.JedisException;
import redis.clients.jedis.params.ClientKillParams;
import redis.clients.jedis.params.ClientKillParams.SkipMe;

/**
 * Each reply is to its caller's own command and nobody waits for ever, while connections are killed, callers interrupted,
 * the server stalls for longer than the deadline, and some replies are large. How many replies it takes is
 * {@code -Dtoolkit.test.replies}.
 */
@Tag("slow")
class KeyedRepliesTest {
  private static final int CALLERS = 64;
  private static final int KEYS = 500;
  private static final String LARGE = "L".repeat(100_000);
  private static final long REPLIES = Long.getLong("toolkit.test.replies", 100_000);

  private final Queue<String> wrong = new ConcurrentLinkedQueue<>();
  private final LongAdder right = new LongAdder();
  private final LongAdder failed = new LongAdder();
  private volatile int stalls;
  private final long[] byCaller = new long[CALLERS];
  private final AtomicReferenceArray<Thread> threads = new AtomicReferenceArray<>(CALLERS);

  @Test
  void onPlatformThreads() {
    hurt(Crowd.of(CALLERS).onPlatformThreads());
  }

  @Test
  void onVirtualThreads() {
    assumeTrue(BlockingThreads.virtual(), "NOT RUN: virtual threads need JDK 21");
    hurt(Crowd.of(CALLERS));
  }

  private void hurt(Crowd crowd) {
    AtomicBoolean done = new AtomicBoolean();
    try (RedisServer server = RedisServer.start();
        RedisAccess redis = RedisAccess.builder(server.url())
            .deadline(Duration.ofMillis(50))
            .connectTimeout(Duration.ofSeconds(5))
            .poolSize(32)
            .build()) {
      UnifiedJedis client = redis.commands();
      try (Jedis admin = server.connect()) {
        for (int key = 0; key < KEYS; key++) {
          admin.set("key:" + key, value(key));
        }
      }
      crowd.start(1, (caller, time) -> {
        threads.set(caller, Thread.currentThread());
        while (right.sum() < REPLIES || stalls < 2) {
          ask(client, caller);
        }
      });
      Thread trouble =
          BlockingThreads.platformFactory("trouble-").newThread(() -> hurt(server, done));
      trouble.start();
      try {
        // Millions of replies take a busy machine longer than a minute.
        crowd.join(right::sum);
      } finally {
        done.set(true);
      }
    }
    long least = Long.MAX_VALUE;
    for (long each : byCaller) {
      least = Math.min(least, each);
    }
    System.out.printf(
        "keyed replies: %d right, %d failed, %d wrong; of %d callers the one with the fewest had %.0f %% of the mean%n",
        right.sum(), failed.sum(), wrong.size(), CALLERS, 100.0 * least * CALLERS / right.sum());
    assertThat(wrong).isEmpty();
    assertThat(failed.sum()).as("calls that were hurt").isPositive();
    assertThat(least).as("of the slowest caller").isGreaterThan(right.sum() / CALLERS / 10);
  }

  private void ask(UnifiedJedis client, int caller) {
    ThreadLocalRandom random = ThreadLocalRandom.current();
    // One in 500 keys is large: the first.
    int key = random.nextInt(KEYS);
    try {
      String read = client.get("key:" + key);
      if (value(key).equals(read)) {
        right.increment();
        byCaller[caller]++;
      } else {
        wrong.add(key + " was answered by " + read);
      }
    } catch (JedisException hurt) {
      failed.increment();
      Thread.interrupted();
    }
  }

  private static String value(int key) {
    return key == 0 ? LARGE : "value:" + key;
  }

  /** Kills connections each 100 ms, interrupts somebody each 2 ms, and stops the server for 120 ms each half second. */
  private void hurt(RedisServer server, AtomicBoolean done) {
    try (Jedis admin = server.connect()) {
      for (int tick = 1; !done.get(); tick++) {
        LockSupport.parkNanos(Duration.ofMillis(2).toNanos());
        Thread somebody = threads.get(ThreadLocalRandom.current().nextInt(CALLERS));
        if (somebody != null) {
          somebody.interrupt();
        }
        if (tick % 50 == 0) {
          admin.clientKill(new ClientKillParams().type(ClientType.NORMAL).skipMe(SkipMe.YES));
        }
        if (tick % 250 == 0) {
          server.pause();
          LockSupport.parkNanos(Duration.ofMillis(120).toNanos());
          server.resume();
          stalls = stalls + 1;
        }
      }
    }
  }
}
