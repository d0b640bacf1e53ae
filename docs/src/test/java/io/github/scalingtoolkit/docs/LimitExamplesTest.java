package io.github.scalingtoolkit.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.core.limit.ClientAddress;
import io.github.scalingtoolkit.core.limit.Decision;
import io.github.scalingtoolkit.core.limit.FailureMode;
import io.github.scalingtoolkit.core.limit.RateLimit;
import io.github.scalingtoolkit.core.limit.RedisRateLimiter;
import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.testing.RedisServer;
import java.net.InetAddress;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** The examples of {@code limits.md}, run; {@link SnippetsTest} holds the page to them. */
class LimitExamplesTest {
  @Test
  void limitsShowsHowALoginIsLimited() {
    InetAddress client = InetAddress.getLoopbackAddress();
    Map<String, String> headers = new TreeMap<>();
    try (RedisServer server = RedisServer.start();
        RedisAccess redis = RedisAccess.open(server.url())) {
      // tag::limits[]
      RedisRateLimiter logins = RedisRateLimiter.builder(redis, "login")
          .policy(RateLimit.parse("burst", "5/1m"), FailureMode.closed())
          .policy(RateLimit.parse("daily", "100/1d"), FailureMode.closed())
          .build();

      Decision decision = logins.tryAcquire(ClientAddress.key(client));
      headers.put("RateLimit-Policy", logins.policyHeader());
      headers.put("RateLimit", decision.rateLimitHeader());
      if (!decision.allowed()) {
        headers.put("Retry-After", Long.toString(decision.retryAfterSeconds()));
      }
      // end::limits[]
      logins.close();

      assertThat(headers)
          .containsEntry("RateLimit-Policy", "\"burst\";q=5;w=60, \"daily\";q=100;w=86400");
      assertThat(headers.get("RateLimit")).startsWith("\"burst\";r=");
    }
  }
}
