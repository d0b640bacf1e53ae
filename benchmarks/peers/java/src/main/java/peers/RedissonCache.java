package peers;

import org.redisson.api.RBucket;
import org.redisson.api.RLocalCachedMap;
import org.redisson.api.RedissonClient;
import org.redisson.api.options.LocalCachedMapOptions;
import org.redisson.client.codec.StringCodec;
import java.util.concurrent.TimeUnit;
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

/** Redisson's local cached map on a hit in this process, and its bucket on a hit in Redis; texts of 200 characters. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(3)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class RedissonCache {
  private final RedissonClient client = Redis.connect();
  private final RLocalCachedMap<String, String> local = client.getLocalCachedMap(
      LocalCachedMapOptions.<String, String>name("peer-local")
          .codec(StringCodec.INSTANCE)
          .cacheSize(10_000));
  private final RBucket<String> remote = client.getBucket("peer-remote", StringCodec.INSTANCE);
  private String key = "key";

  /** Fills both. */
  @Setup
  public void fill() {
    local.put(key, "v".repeat(200));
    remote.set("v".repeat(200));
  }

  /** Ends the client. */
  @TearDown
  public void close() {
    client.shutdown();
  }

  /** A hit in this process. */
  @Benchmark
  public String localHit() {
    return local.get(key);
  }

  /** A hit in Redis. */
  @Benchmark
  public String remoteHit() {
    return remote.get();
  }
}
