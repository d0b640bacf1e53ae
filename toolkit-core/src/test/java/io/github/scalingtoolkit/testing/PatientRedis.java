package io.github.scalingtoolkit.testing;

import io.github.scalingtoolkit.core.redis.RedisAccess;
import java.time.Duration;
import java.util.function.Consumer;
import redis.clients.jedis.UnifiedJedis;

/** Redis for tests whose subject is not how soon it answers, on a machine that does other things as well. */
public final class PatientRedis {
  private PatientRedis() {}

  /** Opens one whose calls may take longer than any machine makes them wait. */
  public static RedisAccess open(String url) {
    return RedisAccess.builder(url).deadline(Duration.ofSeconds(30)).build();
  }

  /** Makes the first call of an access with a short deadline, again until it is served: it opens a connection as well. */
  public static void reach(RedisAccess redis, Consumer<UnifiedJedis> first) {
    Await.until("the first call is served", () -> {
      try {
        redis.run(first::accept);
        return true;
      } catch (RuntimeException late) {
        return false;
      }
    });
  }
}
