/**
 * Redis as the toolkit uses it: one URL, one deadline, one breaker, scripts that can be sent again, and a subscription
 * that knows when it may have missed something.
 *
 * <pre>{@code
 * try (RedisAccess redis = RedisAccess.open("redis://localhost:6379")) {
 *   redis.call(jedis -> jedis.set("greeting", "hello"));
 * }
 * }</pre>
 */
package io.github.scalingtoolkit.core.redis;
