package io.github.scalingtoolkit.benchmarks.hotpath;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.github.scalingtoolkit.cache.CacheAside;
import io.github.scalingtoolkit.cache.CacheAsideBuilder;
import io.github.scalingtoolkit.cache.Codec;
import io.github.scalingtoolkit.core.redis.RedisAccess;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import redis.clients.jedis.RedisClient;

/**
 * A read that hits: in this process, and in Redis. The floors are Caffeine alone, and a GET of the same value by Jedis.
 * Values are texts of 200 characters.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(3)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class CacheBenchmark {
  private static final String VALUE = "v".repeat(200);

  private String key = "key";
  private final LocalRedis server = LocalRedis.start();
  private final RedisAccess redis =
      RedisAccess.builder(server.url()).deadline(Duration.ofSeconds(2)).build();
  private final RedisClient jedis = RedisClient.create(server.url());
  private final CacheAside<String, String> local =
      builder("local").local(10_000, Duration.ofHours(1)).build();
  private final CacheAside<String, String> remote = builder("remote").build();
  private final Cache<String, String> caffeine = Caffeine.newBuilder()
      .maximumSize(10_000)
      .expireAfterWrite(Duration.ofHours(1))
      .build();

  private CacheAsideBuilder<String, String> builder(String name) {
    return CacheAside.<String>builder(redis, name, Codec.utf8()).timeToLive(Duration.ofHours(1));
  }

  /** Fills all of them; waits until local entries are in use. */
  @Setup
  public void fill() {
    while (!local.localLive()) {
      LockSupport.parkNanos(1_000_000);
    }
    local.get(key, missing -> VALUE);
    remote.get(key, missing -> VALUE);
    caffeine.put(key, VALUE);
    jedis.set(key, VALUE);
  }

  /** Ends everything. */
  @TearDown
  public void close() {
    local.close();
    remote.close();
    redis.close();
    jedis.close();
    server.close();
  }

  /** A hit in this process. */
  @Benchmark
  public @Nullable Object localHit() {
    return local.get(key, CacheBenchmark::mustNotLoad);
  }

  /** Its floor. */
  @Benchmark
  public @Nullable Object caffeineHit() {
    return caffeine.getIfPresent(key);
  }

  /** A hit in Redis. */
  @Benchmark
  public @Nullable Object remoteHit() {
    return remote.get(key, CacheBenchmark::mustNotLoad);
  }

  /** Its floor. */
  @Benchmark
  public String jedisGet() {
    return jedis.get(key);
  }

  private static String mustNotLoad(String key) {
    throw new IllegalStateException(key + " must be in the cache");
  }
}
