package io.github.scalingtoolkit.todo.run;

import io.github.scalingtoolkit.core.health.HealthMetrics;
import io.github.scalingtoolkit.core.health.HealthRegistry;
import io.github.scalingtoolkit.core.health.UnhealthyException;
import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.todo.admin.Readiness;
import io.github.scalingtoolkit.todo.domain.StoreException;
import io.github.scalingtoolkit.todo.mongo.MongoTodoStore;
import io.micrometer.core.instrument.MeterRegistry;

/** The checks of what the service depends on, and whether it accepts requests. */
record Checks(HealthRegistry health, Readiness readiness) {

  /** Starts to check in the background. */
  static Checks start(MongoTodoStore store, OnRedis redis, MeterRegistry meters) {
    HealthRegistry.Builder checks = HealthRegistry.builder()
        // All processes share it: if each stopped serving without it, none would be left to serve
        // cached lists.
        .requiredToStart("mongodb", () -> ping(store))
        .optional("redis", () -> ping(redis.access(), "REDIS_URL"));
    redis
        .cacheAccess()
        .ifPresent(cache -> checks.optional("redis-cache", () -> ping(cache, "CACHE_REDIS_URL")));
    HealthRegistry health = checks.build();
    HealthMetrics.bind(meters, health);
    health.start();
    return new Checks(health, new Readiness(health));
  }

  private static void ping(MongoTodoStore store) {
    try {
      store.ping();
    } catch (StoreException told) {
      throw new UnhealthyException(String.valueOf(told.getMessage()));
    }
  }

  private static void ping(RedisAccess redis, String setting) {
    try {
      redis.ping();
    } catch (RuntimeException failure) {
      String sentinels = redis.description().contains("+sentinel://")
          ? ", and that SENTINEL_USER and SENTINEL_PASSWORD are the sentinels'"
          : "";
      throw new UnhealthyException(redis.explain(failure) + "; check that it runs and that "
          + setting + " names it" + sentinels);
    }
  }

  void close() {
    health.close();
  }
}
