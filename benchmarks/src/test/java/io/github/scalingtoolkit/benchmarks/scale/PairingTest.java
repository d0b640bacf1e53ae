package io.github.scalingtoolkit.benchmarks.scale;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.scalingtoolkit.benchmarks.load.TinyServer;
import io.github.scalingtoolkit.benchmarks.load.Warm;
import io.github.scalingtoolkit.benchmarks.report.PairedResults.Pair;
import io.github.scalingtoolkit.benchmarks.report.Promise;
import io.github.scalingtoolkit.testing.RedisServer;
import io.undertow.server.HttpServerExchange;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.Jedis;

class PairingTest {
  private static final long SELF = ProcessHandle.current().pid();
  /** Long enough for an answer, also on a busy machine. */
  private static final Duration SLICE = Duration.ofSeconds(1);

  private static final Duration SHORT = Duration.ofMillis(300);
  private static final String HEALTHY = "{\"status\":\"OK\"}";

  private static RedisServer redis;

  @BeforeAll
  static void start() throws Exception {
    redis = RedisServer.start();
    Warm.bothSides();
  }

  @AfterAll
  static void stop() {
    redis.close();
  }

  @Test
  void bothSidesAreLoadedInTurnAndEachPairHasBoth() throws Exception {
    try (TinyServer above = answering(200, HEALTHY);
        TinyServer below = answering(200, HEALTHY)) {
      Pairing pairing = new Pairing(Promise.HEALTH, stores(), health(above), health(below));

      pairing.warm(SHORT, 1, 2);
      List<Pair> pairs = pairing.measure(1, 2, SLICE, 2);

      assertThat(pairs).hasSize(2).allSatisfy(pair -> {
        assertThat(pair.aboveMicros()).isPositive();
        assertThat(pair.belowMicros()).isPositive();
        assertThat(pair.round()).isEqualTo(1);
      });
    }
  }

  @Test
  void oneSideThatAnswersWronglyRefusesThePair() throws Exception {
    try (TinyServer above = answering(200, HEALTHY);
        TinyServer below = answering(500, HEALTHY)) {
      Pairing pairing = new Pairing(Promise.HEALTH, stores(), health(above), health(below));

      assertThatThrownBy(() -> pairing.measure(1, 2, SLICE, 2))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("wrong answers");
    }
  }

  @Test
  void aColdProcessThatAnswersNothingYetIsWarmedOn() throws Exception {
    try (TinyServer silent = TinyServer.start(HttpServerExchange::dispatch);
        TinyServer below = answering(200, HEALTHY)) {
      Pairing pairing = new Pairing(Promise.HEALTH, stores(), health(silent), health(below));

      assertThat(pairing.warm(SHORT, 1, 2)).isFalse();
      assertThatThrownBy(() -> pairing.measure(1, 2, SHORT, 2))
          .isInstanceOf(IOException.class)
          .hasMessage("the first of the two: INVALID: nothing was answered");
    }
  }

  @Test
  void createsWithInvisibleJobsAreRefused() throws Exception {
    try (Jedis jedis = new Jedis(redis.url())) {
      jedis.flushAll();
    }
    try (TinyServer server = answering(201, "{\"title\":\"a todo of the benchmark\"}")) {
      Target target = target(server);
      Pairing.Side side = new Pairing.Side(target, Calls.create(target), target.pids());
      Pairing pairing = new Pairing(Promise.CREATE, stores(), side, side);

      assertThatThrownBy(() -> pairing.measure(1, 2, SLICE, 2))
          .isInstanceOf(IOException.class)
          .hasMessageStartingWith("creates left no queue in Redis");
    }
  }

  private static Pairing.Side health(TinyServer server) {
    Target target = target(server);
    return new Pairing.Side(target, Calls.health(target), target.pids());
  }

  private static Target target(TinyServer server) {
    return new Target(server.url(), "token", List.of(SELF), Jobs.Queue.OURS, List.of());
  }

  private static Stores stores() {
    return new Stores(1, URI.create(redis.url()), SELF, SELF, "test");
  }

  private static TinyServer answering(int status, String body) {
    return TinyServer.start(exchange -> {
      exchange.setStatusCode(status);
      exchange.getResponseSender().send(body);
    });
  }
}
