package io.github.scalingtoolkit.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.testing.FaultProxy;
import io.github.scalingtoolkit.testing.RedisServer;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.args.ClientType;
import redis.clients.jedis.params.ClientKillParams;

/**
 * Random reads and writes by two "processes" while connections are killed. The database is a version a key that only
 * grows, so a read is stale exactly if it returns less than a write that was complete before it began. Each run takes a
 * second; {@code -Dtoolkit.test.consistency-seconds} asks for more.
 */
class ConsistencyTest {
  private static final int KEYS = 4;
  private static final int THREADS = 3;
  private static final long RUN_NANOS = Duration.ofSeconds(
          Integer.getInteger("toolkit.test.consistency-seconds", 1))
      .toNanos();

  private static final Codec<Long> LONGS = new Codec<>() {
    @Override
    public byte[] encode(Long value) {
      return ByteBuffer.allocate(8).putLong(value).array();
    }

    @Override
    public Long decode(byte[] bytes) {
      return ByteBuffer.wrap(bytes).getLong();
    }
  };

  private static RedisServer server;

  private final AtomicLongArray database = new AtomicLongArray(KEYS);
  private final ConcurrentLinkedQueue<String> stale = new ConcurrentLinkedQueue<>();
  private final AtomicLong reads = new AtomicLong();
  private final AtomicLong writes = new AtomicLong();
  private final AtomicLongArray outcomes = new AtomicLongArray(Outcome.values().length);
  private final Set<Outcome> expected = EnumSet.of(Outcome.L2_HIT, Outcome.LOADED);

  @BeforeAll
  static void start() {
    server = RedisServer.start();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  /** A process: its own network, connections and cache, and what it knows to be complete. */
  private final class Process implements AutoCloseable {
    final FaultProxy proxy = FaultProxy.to(server.port());
    final RedisAccess redis =
        RedisAccess.builder(proxy.redisUrl()).deadline(Duration.ofSeconds(2)).build();
    final CacheAside<String, Long> cache;
    final AtomicLongArray completed;

    Process(Function<RedisAccess, CacheAside<String, Long>> cache, AtomicLongArray completed) {
      this.cache = cache.apply(redis);
      this.completed = completed;
    }

    void run(long until) {
      ThreadLocalRandom random = ThreadLocalRandom.current();
      while (!enough(until)) {
        int key = random.nextInt(KEYS);
        int what = random.nextInt(100);
        if (what < 15) {
          write(key);
        } else if (what < 20) {
          writeByOthersAndEvict(key);
        } else if (what < 30) {
          readAll();
        } else {
          read(key);
        }
      }
    }

    private void write(int key) {
      try {
        long version = cache.<Long, RuntimeException>write("k" + key, () -> {
          pause();
          return database.incrementAndGet(key);
        });
        completed.accumulateAndGet(key, version, Math::max);
        writes.incrementAndGet();
      } catch (CacheUnreachableException refused) {
        // Then nothing is promised.
      }
    }

    private void writeByOthersAndEvict(int key) {
      try {
        long version = database.incrementAndGet(key);
        cache.evict("k" + key);
        completed.accumulateAndGet(key, version, Math::max);
        writes.incrementAndGet();
      } catch (CacheUnreachableException refused) {
        // Then nothing is promised.
      }
    }

    private void read(int key) {
      long floor = completed.get(key);
      Cached<Long> read = cache.lookup("k" + key, this::load);
      outcomes.incrementAndGet(read.outcome().ordinal());
      check(key, floor, read.value(), read.outcome().name());
    }

    private void readAll() {
      long[] floors = new long[KEYS];
      List<String> keys = new ArrayList<>();
      for (int key = 0; key < KEYS; key++) {
        floors[key] = completed.get(key);
        keys.add("k" + key);
      }
      Map<String, Long> all = cache.getAll(keys, this::loadAll);
      for (int key = 0; key < KEYS; key++) {
        check(key, floors[key], all.get("k" + key), "getAll");
      }
    }

    private void check(int key, long floor, Long value, String how) {
      reads.incrementAndGet();
      if (value < floor) {
        stale.add("k" + key + " read " + value + " after " + floor + " by " + how);
      }
    }

    private Long load(String key) {
      long version = database.get(key.charAt(1) - '0');
      pause();
      return version;
    }

    private Map<String, Long> loadAll(Set<String> keys) {
      return keys.stream().collect(Collectors.toMap(key -> key, this::load));
    }

    private static void pause() {
      if (ThreadLocalRandom.current().nextInt(4) == 0) {
        LockSupport.parkNanos(ThreadLocalRandom.current().nextLong(2_000_000));
      }
    }

    @Override
    public void close() {
      cache.close();
      redis.close();
      proxy.close();
    }
  }

  /** A busy machine may need more than its time for what a run must have seen. */
  private boolean enough(long until) {
    return System.nanoTime() - until >= 0
        && reads.get() > 500
        && writes.get() > 50
        && expected.stream().allMatch(outcome -> outcomes.get(outcome.ordinal()) > 0);
  }

  private void run(Process one, Process two) {
    long until = System.nanoTime() + RUN_NANOS;
    List<CompletableFuture<Boolean>> threads = new ArrayList<>();
    for (Process process : List.of(one, two)) {
      for (int i = 0; i < THREADS; i++) {
        threads.add(Fixture.async(() -> {
          process.run(until);
          return true;
        }));
      }
    }
    try (Jedis admin = server.connect()) {
      ThreadLocalRandom random = ThreadLocalRandom.current();
      while (!enough(until)) {
        LockSupport.parkNanos(random.nextLong(150_000_000));
        if (System.nanoTime() - until >= 0) {
          // What is still missing comes when nothing is in its way any more.
          continue;
        }
        switch (random.nextInt(4)) {
          case 0 -> one.proxy.dropConnections();
          case 1 -> two.proxy.dropConnections();
          case 2 ->
            admin.clientKill(
                new ClientKillParams().type(ClientType.NORMAL).skipMe(ClientKillParams.SkipMe.YES));
          default -> admin.clientKill(new ClientKillParams().type(ClientType.PUBSUB));
        }
      }
    }
    threads.forEach(Fixture::value);
    assertThat(stale).isEmpty();
    assertThat(writes.get()).isGreaterThan(50);
    assertThat(reads.get()).isGreaterThan(500);
    assertThat(expected).allMatch(outcome -> outcomes.get(outcome.ordinal()) > 0);
  }

  @Test
  void noReadOfAnyProcessIsOlderThanACompletedWriteThatReachedRedis() {
    AtomicLongArray completed = new AtomicLongArray(KEYS);
    String name = Fixture.name();
    Function<RedisAccess, CacheAside<String, Long>> cache =
        redis -> CacheAside.builder(redis, name, LONGS)
            .timeToLive(Duration.ofMinutes(5))
            .onUnreachable(OnUnreachable.REFUSE)
            .build();

    try (Process one = new Process(cache, completed);
        Process two = new Process(cache, completed)) {
      run(one, two);
    }
  }

  @Test
  void withMemoryReadsSeeTheProcessOwnWritesReachableOrNot() {
    expected.add(Outcome.L1_HIT);
    String name = Fixture.name();
    Function<RedisAccess, CacheAside<String, Long>> cache =
        redis -> CacheAside.builder(redis, name, LONGS)
            .timeToLive(Duration.ofMinutes(5))
            .local(100, Duration.ofMinutes(1))
            .build();

    try (Process one = new Process(cache, new AtomicLongArray(KEYS));
        Process two = new Process(cache, new AtomicLongArray(KEYS))) {
      run(one, two);
    }
  }
}
