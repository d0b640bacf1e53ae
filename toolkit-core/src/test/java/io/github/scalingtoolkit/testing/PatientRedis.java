package io.github.scalingtoolkit.testing;

import io.github.scalingtoolkit.core.redis.RedisAccess;
import java.time.Duration;

/** Redis for tests whose subject is not how soon it answers, on a machine that does other things as well. */
public final class PatientRedis {
  private PatientRedis() {}

  /** Opens one whose calls may take longer than any machine makes them wait. */
  public static RedisAccess open(String url) {
    return RedisAccess.builder(url).deadline(Duration.ofSeconds(30)).build();
  }
}
