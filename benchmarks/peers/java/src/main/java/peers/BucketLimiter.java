package peers;

import io.github.bucket4j.Bandwidth;
import io.github.bucket4j.BucketConfiguration;
import io.github.bucket4j.distributed.ExpirationAfterWriteStrategy;
import io.github.bucket4j.distributed.proxy.ProxyManager;
import io.github.bucket4j.redis.jedis.Bucket4jJedis;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;
import redis.clients.jedis.JedisPool;
import redis.clients.jedis.JedisPoolConfig;

/** bucket4j on Jedis: decisions by 64 threads, over 1,000 keys and on one, and a flood of denied ones. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(3)
@Threads(64)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class BucketLimiter {
  private static final byte[][] KEYS = new byte[1000][];

  static {
    for (int i = 0; i < KEYS.length; i++) {
      KEYS[i] = bytes("bucket-user-" + i);
    }
  }

  private final JedisPool pool = pool();
  private final ProxyManager<byte[]> buckets = Bucket4jJedis.casBasedBuilder(pool)
      .expirationAfterWrite(
          ExpirationAfterWriteStrategy.basedOnTimeForRefillingBucketUpToMax(Duration.ofSeconds(10)))
      .build();
  private final BucketConfiguration wide = configuration(1_000_000, Duration.ofSeconds(1));
  private final BucketConfiguration narrow = configuration(1, Duration.ofDays(1));

  /** Ends the client. */
  @TearDown
  public void close() {
    pool.close();
  }

  /** Admitted, each on one of 1,000 keys. */
  @Benchmark
  public boolean spread() {
    return acquire(KEYS[ThreadLocalRandom.current().nextInt(KEYS.length)], wide);
  }

  /** Admitted, all on one key. */
  @Benchmark
  public boolean hot() {
    return acquire(bytes("bucket-hot"), wide);
  }

  /** Denied, all on one key. */
  @Benchmark
  public boolean deniedFlood() {
    return acquire(bytes("bucket-denied"), narrow);
  }

  private boolean acquire(byte[] key, BucketConfiguration configuration) {
    return buckets.builder().build(key, () -> configuration).tryConsume(1);
  }

  private static BucketConfiguration configuration(long permits, Duration period) {
    return BucketConfiguration.builder()
        .addLimit(
            Bandwidth.builder().capacity(permits).refillGreedy(permits, period).build())
        .build();
  }

  private static JedisPool pool() {
    String url = System.getProperty("benchmarks.redis");
    if (url == null) {
      throw new IllegalStateException(
          "NOT RUN: name a Redis by -jvmArgsAppend -Dbenchmarks.redis=redis://host:port");
    }
    JedisPoolConfig config = new JedisPoolConfig();
    config.setMaxTotal(64);
    config.setMaxIdle(64);
    return new JedisPool(config, URI.create(url));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
