package io.github.scalingtoolkit.benchmarks.hotpath;

import io.github.scalingtoolkit.core.limit.Decision;
import io.github.scalingtoolkit.core.limit.FailureMode;
import io.github.scalingtoolkit.core.limit.RateLimit;
import io.github.scalingtoolkit.core.limit.RateLimiter;
import io.github.scalingtoolkit.core.limit.RedisRateLimiter;
import io.github.scalingtoolkit.core.limit.SettledRateLimiter;
import io.github.scalingtoolkit.core.redis.RedisAccess;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
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
import redis.clients.jedis.ConnectionPoolConfig;
import redis.clients.jedis.RedisClient;

/**
 * Decisions of a shared limit, by 64 threads: admitted ones over 1,000 keys and on one hot key, and a flood of denied
 * ones. The floor is a script that does nothing, called by its SHA-1 over as many pooled connections. The one that
 * settles in the background is shown beside them: it makes no call.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(3)
@Threads(64)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class LimiterBenchmark {
  private static final String[] KEYS = new String[1000];

  static {
    for (int i = 0; i < KEYS.length; i++) {
      KEYS[i] = "user-" + i;
    }
  }

  private final LocalRedis server = LocalRedis.start();
  private final RedisAccess redis = RedisAccess.open(server.url());
  private final RedisRateLimiter wide = limiter("wide", "1000000/1s");
  private final RedisRateLimiter narrow = limiter("narrow", "1/1d");
  private final SettledRateLimiter settled =
      SettledRateLimiter.start(redis, "settled", RateLimit.parse("api", "1000000/1s"));
  private final RedisClient jedis =
      RedisClient.builder().hostAndPort(host(), port()).poolConfig(pool()).build();
  private final byte[] sha1 = jedis.scriptLoad("return 1").getBytes(StandardCharsets.US_ASCII);

  /** Ends everything. */
  @TearDown
  public void close() {
    wide.close();
    narrow.close();
    settled.close();
    redis.close();
    jedis.close();
    server.close();
  }

  /** Admitted, each on one of 1,000 keys. */
  @Benchmark
  public Decision spread() {
    return admitted(wide, KEYS[ThreadLocalRandom.current().nextInt(KEYS.length)]);
  }

  /** Admitted, all on one key. */
  @Benchmark
  public Decision hot() {
    return admitted(wide, "hot");
  }

  /** The floor of both without merging: the same round trip, for nothing. */
  @Benchmark
  public Object bareScript() {
    String key = KEYS[ThreadLocalRandom.current().nextInt(KEYS.length)];
    return jedis.evalsha(sha1, List.of(key.getBytes(StandardCharsets.UTF_8)), List.of());
  }

  /** Denied, all on one key. */
  @Benchmark
  public Decision deniedFlood() {
    return narrow.tryAcquire("hot");
  }

  /** Admitted here, each on one of 1,000 keys, and settled in the background. */
  @Benchmark
  public Decision settledSpread() {
    return admitted(settled, KEYS[ThreadLocalRandom.current().nextInt(KEYS.length)]);
  }

  private static Decision admitted(RateLimiter limiter, String key) {
    Decision decision = limiter.tryAcquire(key);
    if (decision.degraded()) {
      throw new IllegalStateException("Redis must decide, and did not");
    }
    return decision;
  }

  private RedisRateLimiter limiter(String name, String limit) {
    return RedisRateLimiter.builder(redis, name)
        .policy(RateLimit.parse("api", limit), FailureMode.closed())
        .budget(Duration.ofSeconds(10))
        .build();
  }

  private String host() {
    return java.net.URI.create(server.url()).getHost();
  }

  private int port() {
    return java.net.URI.create(server.url()).getPort();
  }

  private static ConnectionPoolConfig pool() {
    ConnectionPoolConfig pool = new ConnectionPoolConfig();
    pool.setMaxTotal(64);
    pool.setMaxIdle(64);
    return pool;
  }
}
