/**
 * What the toolkit's modules share: guard (circuit breaker), rate limits, Redis access, leases, settings, health,
 * lifecycle and time, each with its metrics. Usable alone.
 */
@org.jspecify.annotations.NullMarked
@SuppressWarnings("module") // The modules that internal is exported to are compiled after this one.
module io.github.scalingtoolkit.core {
  requires static transitive org.jspecify;
  requires static micrometer.core;
  requires transitive redis.clients.jedis;
  requires io.github.resilience4j.circuitbreaker;
  requires io.github.resilience4j.core;
  requires org.apache.commons.pool2;
  requires org.slf4j;

  exports io.github.scalingtoolkit.core;
  exports io.github.scalingtoolkit.core.guard;
  exports io.github.scalingtoolkit.core.health;
  exports io.github.scalingtoolkit.core.lease;
  exports io.github.scalingtoolkit.core.limit;
  exports io.github.scalingtoolkit.core.redis;
  exports io.github.scalingtoolkit.core.time;
  exports io.github.scalingtoolkit.core.settings;
  exports io.github.scalingtoolkit.core.lifecycle;
  exports io.github.scalingtoolkit.core.internal to
      io.github.scalingtoolkit.cache,
      io.github.scalingtoolkit.queue;
}
