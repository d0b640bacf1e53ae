package peers;

import org.redisson.Redisson;
import org.redisson.api.RedissonClient;
import org.redisson.config.Config;

/** A client of the Redis that {@code -Dbenchmarks.redis=redis://host:port} names. */
final class Redis {
  private Redis() {}

  static RedissonClient connect() {
    String url = System.getProperty("benchmarks.redis");
    if (url == null) {
      throw new IllegalStateException(
          "NOT RUN: name a Redis by -jvmArgsAppend -Dbenchmarks.redis=redis://host:port");
    }
    Config config = new Config();
    config.useSingleServer().setAddress(url);
    return Redisson.create(config);
  }
}
