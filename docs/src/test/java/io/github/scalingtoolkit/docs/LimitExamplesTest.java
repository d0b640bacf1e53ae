package io.github.scalingtoolkit.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.core.limit.ClientAddress;
import io.github.scalingtoolkit.core.limit.Decision;
import io.github.scalingtoolkit.core.limit.FailureMode;
import io.github.scalingtoolkit.core.limit.LocalRateLimiter;
import io.github.scalingtoolkit.core.limit.RateLimit;
import io.github.scalingtoolkit.core.limit.RateLimiter;
import io.github.scalingtoolkit.core.limit.RedisRateLimiter;
import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.testing.PatientRedis;
import io.github.scalingtoolkit.testing.RedisServer;
import java.net.InetAddress;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** The examples of {@code limits.md}, run; {@link SnippetsTest} holds the page to them. */
class LimitExamplesTest {
  @Test
  void limitsShowsHowALoginIsLimited() {
    InetAddress address = InetAddress.getLoopbackAddress();
    boolean passwordIsRight = true;
    Map<String, String> headers = new TreeMap<>();
    try (RedisServer server = RedisServer.start();
        RedisAccess redis = PatientRedis.open(server.url())) {
      // tag::limits[]
      RedisRateLimiter logins = RedisRateLimiter.builder(redis, "login")
          .policy(RateLimit.parse("burst", "5/1m"), FailureMode.closed())
          .policy(RateLimit.parse("daily", "100/1d"), FailureMode.closed())
          .build();

      String client = ClientAddress.key(address);
      Decision decision = logins.tryAcquire(client);
      headers.put("RateLimit-Policy", logins.policyHeader(client));
      headers.put("RateLimit", decision.rateLimitHeader());
      if (!decision.allowed()) {
        headers.put("Retry-After", Long.toString(decision.retryAfterSeconds()));
      } else if (passwordIsRight) {
        // Only failures count.
        logins.giveBack(client, 1);
      }
      // end::limits[]
      logins.close();

      assertThat(headers)
          .containsEntry("RateLimit-Policy", "\"burst\";q=5;w=60, \"daily\";q=100;w=86400");
      assertThat(headers.get("RateLimit")).startsWith("\"burst\";r=");
    }
  }

  @Test
  void limitsShowsHowEachUserHasTheLimitOfItsPlan() {
    Map<String, String> headers = new TreeMap<>();
    try (RedisServer server = RedisServer.start();
        RedisAccess redis = PatientRedis.open(server.url())) {
      // tag::limits-plans[]
      Map<String, RateLimit> plans = Map.of(
          "free", RateLimit.parse("free", "100/1h"), "pro", RateLimit.parse("pro", "10000/1h"));

      RedisRateLimiter api = RedisRateLimiter.builder(redis, "api")
          .policy("plan", user -> plans.get(planOf(user)), FailureMode.local(3))
          .build();

      Decision decision = api.tryAcquire("ada");
      headers.put("RateLimit-Policy", decision.policyHeader());
      // end::limits-plans[]
      api.close();

      assertThat(headers).containsEntry("RateLimit-Policy", "\"pro\";q=10000;w=3600");
    }
  }

  @Test
  void limitsShowsHowACallerWaitsForItsTurn() throws InterruptedException {
    RateLimiter partner = LocalRateLimiter.of(RateLimit.parse("partner", "10/1s"), Clock.system());
    // tag::limits-await[]
    Decision turn = partner.await("partner-api", Duration.ofSeconds(2));
    if (turn.allowed()) {
      callPartner();
    }
    // end::limits-await[]

    assertThat(called).isTrue();
  }

  private boolean called;

  private void callPartner() {
    called = true;
  }

  private static String planOf(String user) {
    return user.equals("ada") ? "pro" : "free";
  }
}
