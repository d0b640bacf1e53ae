package io.github.scalingtoolkit.core.redis;

import io.github.scalingtoolkit.core.settings.Secret;
import io.github.scalingtoolkit.core.time.Clock;
import java.time.Duration;
import java.util.function.Supplier;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.RedisCredentials;

/** The settings with which an access opens its clients. A new component does not compile until siblings have it as well. */
record RedisSettings(
    RedisUrl url,
    String name,
    Duration deadline,
    Duration connectTimeout,
    int poolSize,
    @Nullable Supplier<Secret> password,
    @Nullable SSLContext tls,
    @Nullable Supplier<RedisCredentials> sentinelCredentials,
    boolean coalesced,
    Clock clock) {

  /** Returns the same under another name, with another deadline, within which it also connects. */
  RedisSettings sibling(String name, Duration deadline) {
    return new RedisSettings(
        url,
        name,
        deadline,
        connectTimeout.compareTo(deadline) > 0 ? deadline : connectTimeout,
        poolSize,
        password,
        tls,
        sentinelCredentials,
        coalesced,
        clock);
  }

  ClientFactory factory() {
    return new ClientFactory(url, name, connectTimeout, password, tls, sentinelCredentials, clock);
  }
}
