package io.github.scalingtoolkit.core.redis;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.sun.net.httpserver.HttpServer;
import io.github.scalingtoolkit.core.guard.GuardState;
import io.github.scalingtoolkit.core.guard.RejectedException;
import io.github.scalingtoolkit.core.settings.Secret;
import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.core.time.Deadline;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.FaultProxy;
import io.github.scalingtoolkit.testing.PatientRedis;
import io.github.scalingtoolkit.testing.Ports;
import io.github.scalingtoolkit.testing.RedisCluster;
import io.github.scalingtoolkit.testing.RedisServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.commons.pool2.impl.GenericObjectPool;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.RedisClient;
import redis.clients.jedis.UnifiedJedis;
import redis.clients.jedis.args.ClientType;
import redis.clients.jedis.exceptions.JedisAccessControlException;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisException;
import redis.clients.jedis.params.ClientKillParams;
import redis.clients.jedis.params.ClientKillParams.SkipMe;

class RedisAccessTest {
  private static final LuaScript SET_IF_ABSENT = LuaScript.of(
      "set-if-absent.lua", "return redis.call('SET', KEYS[1], ARGV[1], 'NX') and 1 or 0");

  @Test
  void saysWhereItLeadsAndWhatIsWrongThereWithoutPassword() throws IOException {
    HttpServer http = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    http.start();
    try (RedisServer server = RedisServer.start();
        Jedis admin = server.connect()) {
      admin.configSet("requirepass", "right-s3cret");
      int closed = Ports.free();
      assertThat(explained("redis://:s3cret@127.0.0.1:" + http.getAddress().getPort()))
          .endsWith("answers with another protocol than Redis");
      assertThat(explained("redis://:s3cret@127.0.0.1:" + server.port()))
          .endsWith("refuses the credentials, or asks for some");
      assertThat(explained("redis://127.0.0.1:" + server.port()))
          .endsWith("refuses the credentials, or asks for some");
      assertThat(explained("redis://:s3cret@127.0.0.1:" + closed))
          .isEqualTo("Redis at redis://***@127.0.0.1:" + closed
              + " cannot be reached: connection refused");
      assertThat(explained("redis+cluster://127.0.0.1:" + closed))
          .endsWith("cannot be reached: connection refused");
      assertThat(explained("redis+sentinel://127.0.0.1:" + closed + "/main"))
          .endsWith("cannot be reached: no sentinel answers");
    } finally {
      http.stop(0);
    }
  }

  /** Returns what the first failure and the refusals that follow are explained by: the same. */
  private static String explained(String url) {
    // A busy machine must not be taken for a Redis that does not answer.
    try (RedisAccess redis =
        RedisAccess.builder(url).deadline(Duration.ofSeconds(20)).build()) {
      RuntimeException first =
          catchThrowableOfType(RuntimeException.class, () -> redis.call(UnifiedJedis::ping));
      Await.until("calls are refused without asking Redis", () -> {
        try {
          redis.call(UnifiedJedis::ping);
          return false;
        } catch (RejectedException | JedisAccessControlException refused) {
          assertThat(redis.explain(refused)).isEqualTo(redis.explain(first));
          return true;
        } catch (RuntimeException notYet) {
          return false;
        }
      });
      assertThat(redis.explain(first)).doesNotContain("s3cret");
      return redis.explain(first);
    }
  }

  @Test
  void aClusterThatIsAwayAtTheStartIsUsedOnceItIsThere() {
    try (RedisCluster cluster = RedisCluster.start();
        FaultProxy proxy = FaultProxy.to(cluster.masters().get(0).port())) {
      proxy.cut();
      try (RedisAccess redis = PatientRedis.open("redis+cluster://127.0.0.1:" + proxy.port())) {
        assertThat(redis.isCluster()).isTrue();
        assertThatThrownBy(() -> redis.call(jedis -> jedis.get("k")))
            .isInstanceOf(JedisException.class);
        CopyOnWriteArrayList<String> heard = new CopyOnWriteArrayList<>();
        ChannelSubscription news = redis.subscribe("news", new ChannelListener() {
          @Override
          public void onMessage(byte[] message) {
            heard.add(new String(message, UTF_8));
          }

          @Override
          public void onLive() {}

          @Override
          public void onGap() {}
        });
        Await.until("it is known to be down", () -> refused(redis));

        proxy.heal();

        Await.until("it is used", () -> redis.guard().state() == GuardState.CLOSED);
        redis.call(jedis -> jedis.set("k", "v"));
        String read = redis.call(jedis -> jedis.get("k"));
        assertThat(read).isEqualTo("v");
        Await.until("the subscription is live", news::live);
        redis.call(jedis -> jedis.publish("news", "first"));
        Await.until("it is heard", () -> heard.contains("first"));
      }
    }
  }

  @Test
  void sentinelsThatAreAwayAtTheStartFailTheCallAndNotTheOpening() {
    try (RedisAccess redis =
        RedisAccess.open("redis+sentinel://127.0.0.1:" + Ports.free() + "/primary")) {
      assertThatThrownBy(() -> redis.call(jedis -> jedis.get("k")))
          .isInstanceOf(JedisException.class);
      Await.until("it is known to be down", () -> refused(redis));
    }
  }

  private static boolean refused(RedisAccess redis) {
    try {
      redis.call(jedis -> jedis.get("k"));
      return false;
    } catch (RejectedException open) {
      return true;
    } catch (JedisException away) {
      return false;
    }
  }

  @Test
  void runsScriptsThatTheServerDoesNotKnow() {
    try (RedisServer server = RedisServer.start();
        RedisAccess redis = PatientRedis.open(server.url());
        Jedis other = server.connect()) {
      assertThat(redis.eval(SET_IF_ABSENT, keys("a"), keys("1"))).isEqualTo(1L);
      assertThat(redis.eval(SET_IF_ABSENT, keys("a"), keys("2"))).isEqualTo(0L);

      other.scriptFlush();

      assertThat(redis.eval(SET_IF_ABSENT, keys("b"), keys("1"))).isEqualTo(1L);
      assertThat(other.scriptExists(SET_IF_ABSENT.sha1())).isTrue();
    }
  }

  @Test
  void runsSeveralScriptsInOneRoundTripAndOneThatFailsAlone() {
    LuaScript wrong = LuaScript.of("wrong.lua", "return redis.call('INCR', KEYS[1])");
    try (RedisServer server = RedisServer.start();
        RedisAccess redis = PatientRedis.open(server.url())) {
      redis.call(jedis -> jedis.set("text", "not a number"));

      List<ScriptReply> replies = redis.evalAll(List.of(
          new ScriptCall(SET_IF_ABSENT, keys("a"), keys("1")),
          new ScriptCall(wrong, keys("text"), List.of()),
          new ScriptCall(SET_IF_ABSENT, keys("a"), keys("2"))));

      assertThat(replies.get(0).get()).isEqualTo(1L);
      assertThatThrownBy(replies.get(1)::get).isInstanceOf(JedisDataException.class);
      assertThat(replies.get(2).get()).isEqualTo(0L);
      assertThat(redis.guard().state()).isEqualTo(GuardState.CLOSED);
    }
  }

  @Test
  void goesUnnoticedThatRedisRestartedBetweenTwoScripts() {
    try (RedisServer server = RedisServer.start("--appendonly", "yes");
        RedisAccess redis = PatientRedis.open(server.url())) {
      redis.eval(SET_IF_ABSENT, keys("a"), keys("1"));

      server.kill();
      server.restart();

      assertThat(redis.eval(SET_IF_ABSENT, keys("b"), keys("1"))).isEqualTo(1L);
      String kept = redis.callIdempotent(jedis -> jedis.get("b"));
      assertThat(kept).isEqualTo("1");
    }
  }

  @Test
  void refusesAtOnceWhileRedisIsDeadAndServesAgainLater() {
    try (RedisServer server = RedisServer.start();
        RedisAccess redis = PatientRedis.open(server.url())) {
      redis.call(UnifiedJedis::ping);
      server.kill();
      openBy(redis);

      assertThatThrownBy(() -> redis.call(UnifiedJedis::ping))
          .isInstanceOf(RejectedException.class);
      server.restart();

      Await.until("the breaker closes", () -> redis.guard().state() == GuardState.CLOSED);
      assertThat(redis.call(UnifiedJedis::ping)).isEqualTo("PONG");
    }
  }

  @Test
  void aHungRedisCostsAFewCallersTheDeadlineAndTheRestNothing() {
    try (RedisServer server = RedisServer.start();
        RedisAccess redis = RedisAccess.open(server.url())) {
      PatientRedis.reach(redis, UnifiedJedis::ping);
      server.pause();
      int paid = openBy(redis);

      assertThat(paid).isLessThanOrEqualTo(10);
      for (int i = 0; i < 1000; i++) {
        assertThatThrownBy(() -> redis.call(UnifiedJedis::ping))
            .isInstanceOf(RejectedException.class);
      }

      server.resume();
      Await.until("the breaker closes", () -> redis.guard().state() == GuardState.CLOSED);
    }
  }

  @Test
  void runsRecoveryStepsBeforeCallsPassAgain() {
    try (RedisServer server = RedisServer.start();
        RedisAccess redis = PatientRedis.open(server.url())) {
      AtomicBoolean mayRecover = new AtomicBoolean();
      AtomicInteger refused = new AtomicInteger();
      List<GuardState> statesSeenByStep = new CopyOnWriteArrayList<>();
      redis.onRecovery(client -> {
        statesSeenByStep.add(redis.guard().state());
        if (!mayRecover.get()) {
          refused.incrementAndGet();
          throw new JedisException("not yet");
        }
        client.set("recovered", "yes");
      });
      server.kill();
      openBy(redis);
      server.restart();

      Await.until("the step was asked twice", () -> refused.get() >= 2);
      assertThatThrownBy(() -> redis.call(UnifiedJedis::ping))
          .isInstanceOf(RejectedException.class);
      mayRecover.set(true);
      Await.until("the breaker closes", () -> redis.guard().state() == GuardState.CLOSED);

      String recovered = redis.call(jedis -> jedis.get("recovered"));
      assertThat(recovered).isEqualTo("yes");
      assertThat(statesSeenByStep).containsOnly(GuardState.HALF_OPEN);
    }
  }

  @Test
  void aRecoveryStepThatWasTakenOutRunsNoMore() {
    try (RedisServer server = RedisServer.start();
        RedisAccess redis = RedisAccess.open(server.url())) {
      AtomicInteger stays = new AtomicInteger();
      AtomicInteger goes = new AtomicInteger();
      Recovery step = client -> goes.incrementAndGet();
      redis.onRecovery(step);
      redis.onRecovery(client -> stays.incrementAndGet());

      redis.removeRecovery(step);
      redis.removeRecovery(step);
      server.kill();
      openBy(redis);
      server.restart();

      Await.until("it has recovered", () -> redis.guard().state() == GuardState.CLOSED);
      assertThat(stays).hasPositiveValue();
      assertThat(goes).hasValue(0);
    }
  }

  @Test
  void mistakesOfCallersDoNotOpenTheBreaker() {
    try (RedisServer server = RedisServer.start();
        RedisAccess redis = PatientRedis.open(server.url())) {
      redis.call(jedis -> jedis.set("text", "x"));

      for (int i = 0; i < 50; i++) {
        assertThatThrownBy(() -> redis.call(jedis -> jedis.incr("text")))
            .isInstanceOf(JedisDataException.class);
      }

      assertThat(redis.guard().state()).isEqualTo(GuardState.CLOSED);
    }
  }

  @Test
  void aWrappedClientRunsAsItIsAndStaysOpen() {
    try (RedisServer server = RedisServer.start();
        RedisClient mine = RedisClient.create(server.url())) {
      try (RedisAccess redis = RedisAccess.wrap(mine)) {
        assertThat(redis.commands()).isSameAs(mine);
        assertThat(redis.hasBlocking()).isFalse();
        assertThatIllegalStateException()
            .isThrownBy(redis::blocking)
            .withMessageContaining("wrap(commands, blocking)");
        assertThat(redis.eval(SET_IF_ABSENT, keys("a"), keys("1"))).isEqualTo(1L);
        assertThatIllegalArgumentException().isThrownBy(() -> RedisAccess.wrap(mine, mine));
      }
      assertThat(mine.ping()).isEqualTo("PONG");
    }
  }

  @Test
  void authenticatesAndSelectsTheDatabaseOfTheUrl() {
    try (RedisServer server = RedisServer.start("--requirepass", "s3cret/x");
        RedisAccess redis =
            PatientRedis.open("redis://:s3cret%2Fx@127.0.0.1:" + server.port() + "/4")) {
      redis.call(jedis -> jedis.set("a", "1"));

      try (Jedis other = server.connect()) {
        other.auth("s3cret/x");
        other.select(4);
        assertThat(other.get("a")).isEqualTo("1");
      }
      assertThat(redis.description()).doesNotContain("s3cret");
      assertThat(redis).asString().doesNotContain("s3cret");
    }
  }

  @Test
  void runsScriptsOnEachMasterOfACluster() {
    try (RedisCluster cluster = RedisCluster.start();
        RedisAccess redis = PatientRedis.open(cluster.url())) {
      for (int i = 0; i < 50; i++) {
        assertThat(redis.eval(SET_IF_ABSENT, keys("key-" + i), keys("1"))).isEqualTo(1L);
      }
      assertThat(redis.isCluster()).isTrue();
      assertThat(redis.evalAll(List.of(
              new ScriptCall(SET_IF_ABSENT, keys("x"), keys("1")),
              new ScriptCall(SET_IF_ABSENT, keys("key-1"), keys("1")))))
          .extracting(ScriptReply::get)
          .containsExactly(1L, 0L);
    }
  }

  @Test
  void aLostReplyOfAScriptIsAskedForAgain() {
    try (RedisServer server = RedisServer.start();
        FaultProxy proxy = FaultProxy.to(server.port());
        RedisAccess redis = PatientRedis.open(proxy.redisUrl())) {
      redis.call(UnifiedJedis::ping);

      proxy.dropConnections();

      assertThat(redis.eval(SET_IF_ABSENT, keys("a"), keys("1"))).isEqualTo(1L);
    }
  }

  @Test
  void theCallersDeadlineBoundsTheWaitAndDoesNotCountAgainstRedis() {
    try (RedisServer server = RedisServer.start();
        FaultProxy proxy = FaultProxy.to(server.port());
        RedisAccess redis = RedisAccess.builder(proxy.redisUrl())
            .deadline(Duration.ofSeconds(60))
            .build()) {
      redis.call(UnifiedJedis::ping);
      proxy.hang();
      long started = System.nanoTime();

      for (int i = 0; i < 12; i++) {
        assertThatThrownBy(() -> Deadline.after(Duration.ofMillis(20), Clock.system())
                .call(() -> redis.call(UnifiedJedis::ping)))
            .isInstanceOf(RuntimeException.class);
      }

      assertThat(Duration.ofNanos(System.nanoTime() - started)).isLessThan(Duration.ofSeconds(30));
      assertThat(redis.guard().counts().window().failed()).isZero();
      assertThat(redis.guard().state()).isEqualTo(GuardState.CLOSED);
    }
  }

  @Test
  void aConnectionForgetsTheDeadlineOfItsPreviousBorrower() {
    try (RedisServer server = RedisServer.start();
        FaultProxy proxy = FaultProxy.to(server.port());
        RedisAccess redis = RedisAccess.builder(proxy.redisUrl())
            .deadline(Duration.ofSeconds(60))
            .poolSize(1)
            .build()) {
      Deadline.after(Duration.ofSeconds(2), Clock.system())
          .call(() -> redis.call(UnifiedJedis::ping));

      proxy.delay(Duration.ofMillis(2_500));

      assertThat(redis.call(UnifiedJedis::ping)).isEqualTo("PONG");
    }
  }

  /** Calls until the breaker is open; returns how many calls paid for finding out. */
  private static int openBy(RedisAccess redis) {
    int paid = 0;
    while (redis.guard().state() == GuardState.CLOSED) {
      try {
        redis.call(UnifiedJedis::ping);
      } catch (JedisException failed) {
        paid++;
      } catch (RejectedException open) {
        return paid;
      }
    }
    return paid;
  }

  private static List<byte[]> keys(String... keys) {
    return List.of(keys).stream().map(key -> key.getBytes(UTF_8)).toList();
  }

  @Test
  void aLostNodeOfAClusterFailsOnlyTheScriptsThatAreForIt() {
    try (RedisCluster cluster = RedisCluster.start();
        RedisAccess redis =
            RedisAccess.builder(cluster.url()).deadline(Duration.ofSeconds(2)).build()) {
      // Slots 3300, 7365 and 11298: one on each master.
      List<ScriptCall> calls = List.of(
          new ScriptCall(SET_IF_ABSENT, keys("{b}"), keys("1")),
          new ScriptCall(SET_IF_ABSENT, keys("{c}"), keys("1")),
          new ScriptCall(SET_IF_ABSENT, keys("{d}"), keys("1")));
      redis.evalAll(calls);

      cluster.masters().get(1).kill();

      List<ScriptReply> replies = redis.evalAll(calls);
      assertThat(replies.get(0).get()).isEqualTo(0L);
      assertThatThrownBy(replies.get(1)::get).isInstanceOf(JedisException.class);
      assertThat(replies.get(2).get()).isEqualTo(0L);
      assertThat(redis.guards())
          .filteredOn(guard -> guard.counts().window().failed() > 0)
          .singleElement()
          .satisfies(guard ->
              assertThat(guard.name()).endsWith(":" + cluster.masters().get(1).port()));
    }
  }

  @Test
  void aSiblingIsBuiltAsItsOriginalButForItsNameAndDeadline() {
    try (RedisServer server = RedisServer.start();
        RedisAccess redis = RedisAccess.builder(server.url())
            .connectTimeout(Duration.ofSeconds(7))
            .poolSize(3)
            .build();
        RedisAccess sibling = redis.sibling("other", Duration.ofSeconds(2));
        RedisAccess nephew = sibling.sibling("another", Duration.ofSeconds(2))) {
      for (RedisAccess each : List.of(redis, sibling, nephew)) {
        GenericObjectPool<?> pool =
            (GenericObjectPool<?>) each.pools().values().iterator().next();
        assertThat(pool.getMaxTotal()).isEqualTo(3);
      }
      assertThat(nephew.guard().name()).isEqualTo("another");
    }
  }

  @Test
  void aSiblingConnectsWithinItsOwnDeadline() throws Exception {
    try (FullBacklog full = FullBacklog.open();
        RedisAccess redis = RedisAccess.builder("redis://127.0.0.1:" + full.port())
            .deadline(Duration.ofMinutes(1))
            .connectTimeout(Duration.ofMinutes(1))
            .build();
        RedisAccess sibling = redis.sibling("tight", Duration.ofMillis(100))) {
      CompletableFuture<String> pong =
          CompletableFuture.supplyAsync(() -> sibling.call(UnifiedJedis::ping));

      assertThat(pong)
          .failsWithin(Duration.ofSeconds(30))
          .withThrowableOfType(ExecutionException.class)
          .withCauseInstanceOf(JedisConnectionException.class);
    }
  }

  @Test
  void newConnectionsUseThePasswordThatIsInForceThen() {
    AtomicReference<Secret> password = new AtomicReference<>(Secret.of("first"));
    try (RedisServer server = RedisServer.start("--requirepass", "first");
        Jedis admin = server.connect();
        RedisAccess redis = RedisAccess.builder(server.url())
            .deadline(Duration.ofSeconds(30))
            .password(password::get)
            .build();
        RedisAccess sibling = redis.sibling("other", Duration.ofSeconds(30))) {
      admin.auth("first");
      AtomicBoolean done = new AtomicBoolean();
      AtomicInteger served = new AtomicInteger();
      Crowd crowd = Crowd.of(32).start(1, (caller, time) -> {
        String key = "own:" + caller;
        while (!done.get()) {
          try {
            redis.callIdempotent(client -> client.set(key, key));
            String read = redis.callIdempotent(client -> client.get(key));
            assertThat(read).isEqualTo(key);
            served.incrementAndGet();
          } catch (JedisException | RejectedException killed) {
            // Who lost a connection twice, say: what counts is that the new ones serve.
          }
        }
      });
      try {
        Await.until("they are served", () -> served.get() > 500);

        // Both hold for a moment, so that nobody connects in between with one that does not.
        admin.aclSetUser("default", ">second");
        password.set(Secret.of("second"));
        admin.aclSetUser("default", "<first");
        int before = served.get();
        Await.until("open connections serve on", () -> served.get() > before + 500);
        admin.clientKill(new ClientKillParams().type(ClientType.NORMAL).skipMe(SkipMe.YES));

        int after = served.get();
        Await.until("new ones serve", () -> served.get() > after + 500);
      } finally {
        done.set(true);
        crowd.join();
      }
      assertThat(sibling.call(UnifiedJedis::ping)).isEqualTo("PONG");
    }
  }

  @Test
  void twoPasswordsAreAMistakeThatShowsNeither() {
    assertThatIllegalArgumentException()
        .isThrownBy(() ->
            RedisAccess.builder("redis://:first@127.0.0.1").password(() -> Secret.of("second")))
        .withMessageNotContainingAny("first", "second");
  }
}
