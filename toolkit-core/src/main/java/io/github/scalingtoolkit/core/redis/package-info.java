/**
 * Access to Redis: one URL, one deadline, breakers, scripts that can be sent again, and subscriptions
 * that report when they may have missed messages.
 *
 * <pre>{@code
 * try (RedisAccess redis = RedisAccess.open("redis://localhost:6379")) {
 *   redis.call(jedis -> jedis.set("greeting", "hello"));
 * }
 * }</pre>
 */
package io.github.scalingtoolkit.core.redis;
