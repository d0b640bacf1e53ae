package io.github.scalingtoolkit.core.redis;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.core.time.ManualClock;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.CapturedLog;
import io.github.scalingtoolkit.testing.FaultProxy;
import io.github.scalingtoolkit.testing.RedisServer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.apache.commons.pool2.impl.GenericObjectPoolConfig;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.Connection;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.RedisClient;
import redis.clients.jedis.args.ClientType;
import redis.clients.jedis.params.ClientKillParams;
import redis.clients.jedis.util.Pool;

/** What all subscriptions of an access have in common: connections, threads, and the nodes that they follow. */
class SubscriptionsTest {
  private static final Duration QUICK = Duration.ofMillis(200);
  private static final Duration UNHURRIED = Duration.ofMillis(500);
  private static final Duration NEVER = Duration.ofHours(1);

  private static RedisServer server;
  private static Jedis admin;

  @BeforeAll
  static void start() {
    server = RedisServer.start();
    admin = server.connect();
  }

  @AfterAll
  static void stop() {
    admin.close();
    server.close();
  }

  private static long connections(Jedis admin) {
    return admin
        .clientList(ClientType.PUBSUB)
        .lines()
        .filter(line -> !line.isBlank())
        .count();
  }

  private static long threads(String name) {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("subscriptions-" + name + "-"))
        .count();
  }

  private static RedisClient client(int port) {
    return RedisClient.builder().hostAndPort("127.0.0.1", port).build();
  }

  private static Subscriptions through(RedisClient client, Duration heartbeat, String name) {
    return Subscriptions.through(() -> client, heartbeat, Clock.system(), name);
  }

  @Test
  void threeHundredChannelsHaveOneConnectionAndThreeThreads() {
    try (RedisAccess redis = RedisAccess.builder(server.url()).name("many").build()) {
      assertThat(threads("many")).isZero();
      List<Heard> heard = new ArrayList<>();
      List<ChannelSubscription> all = new ArrayList<>();
      for (int i = 0; i < 300; i++) {
        heard.add(new Heard());
        all.add(redis.subscribe("channel " + i, heard.get(i)));
      }

      Await.until("all are live", () -> redis.subscriptionsLive() == 300);
      IntStream.range(0, 300).forEach(i -> admin.publish("channel " + i, "for " + i));
      Await.until("all are heard", () -> heard.stream().allMatch(each -> each.events.size() == 2));

      for (int i = 0; i < 300; i++) {
        assertThat(heard.get(i).events).containsExactly("LIVE", "for " + i);
      }
      assertThat(connections(admin)).isEqualTo(1);
      assertThat(threads("many")).isEqualTo(3);
      assertThat(redis.subscriptionsDown()).isZero();

      all.forEach(ChannelSubscription::close);

      Await.until("no connection is left", () -> connections(admin) == 0);
      Await.until("nobody reads", () -> threads("many") == 2);
      ChannelSubscription again = redis.subscribe("again", new Heard());
      Await.until("it is live", again::live);
    }
    Await.until("no thread is left", () -> threads("many") == 0);
    Await.until("nor a connection", () -> connections(admin) == 0);
  }

  @Test
  void allChannelsAreLiveAgainOnOneConnectionAfterItWasKilled() {
    try (RedisClient client = client(server.port());
        Subscriptions all = through(client, Duration.ofSeconds(1), "killed")) {
      List<Heard> heard = IntStream.range(0, 100).mapToObj(i -> new Heard()).toList();
      for (int i = 0; i < 100; i++) {
        all.subscribe("k" + i, heard.get(i));
      }
      Await.until("all are live", () -> all.live() == 100);

      admin.clientKill(new ClientKillParams().type(ClientType.PUBSUB));

      Await.until("all are again", () -> heard.stream().allMatch(each -> each.count("LIVE") == 2));
      assertThat(heard)
          .allSatisfy(each -> assertThat(each.events).containsExactly("LIVE", "GAP", "LIVE"));
      assertThat(connections(admin)).isEqualTo(1);
    }
  }

  @Test
  void aForbiddenChannelIsReportedOnceAndHarmsNoOther() {
    admin.aclSetUser("reader", "on", ">secret", "resetchannels", "&allowed", "+@all", "~*");
    try (CapturedLog log = CapturedLog.start();
        RedisClient client = RedisClient.builder()
            .fromURI("redis://reader:secret@127.0.0.1:" + server.port())
            .build();
        Subscriptions all = through(client, QUICK, "acl")) {
      Heard heard = new Heard();
      ChannelSubscription forbidden = all.subscribe("forbidden", new Heard());
      ChannelSubscription allowed = all.subscribe("allowed", heard);

      Await.until("one is live", allowed::live);
      Await.until("the other is told of", () -> !log.lines("channel=forbidden").isEmpty());
      // Again: with heartbeats this short a busy machine makes gaps, in which one is missed.
      Await.until("it hears", () -> {
        admin.publish("allowed", "hello");
        return heard.events.contains("hello");
      });
      assertThat(forbidden.live()).isFalse();
      Await.until("it alone is down", () -> all.down() == 1);

      admin.aclSetUser("reader", "&forbidden");

      Await.until("it is asked for again", forbidden::live);
      Await.until("that is told", () -> log.lines("channel=forbidden").size() == 2);
      assertThat(log.lines("channel=forbidden").get(0))
          .contains(
              "WARN",
              "redis=acl",
              "does not let its user listen to this channel",
              "ACL SETUSER <user> &forbidden");
      assertThat(log.lines("channel=forbidden").get(1)).contains("INFO", "state=live");
    }
  }

  @Test
  void aUserWithoutSubscribeRightsGetsTheRightToGrantPerChannel() {
    admin.aclSetUser("mute", "on", ">secret", "allchannels", "+@all", "-subscribe", "~*");
    try (CapturedLog log = CapturedLog.start();
        RedisClient client = RedisClient.builder()
            .fromURI("redis://mute:secret@127.0.0.1:" + server.port())
            .build();
        Subscriptions all = through(client, QUICK, "mute")) {
      all.subscribe("one", new Heard());

      Await.until("it is told of", () -> !log.lines("redis=mute").isEmpty());

      assertThat(log.lines("redis=mute").get(0)).contains("channel=one", "+subscribe");
    }
  }

  @Test
  void refusedCredentialsAreToldOfOnceAndTriedAgain() {
    try (RedisServer guarded = RedisServer.start("--requirepass", "right");
        CapturedLog log = CapturedLog.start();
        RedisAccess redis = RedisAccess.builder("redis://:wrong@127.0.0.1:" + guarded.port())
            .name("stranger")
            .build();
        Jedis owner = guarded.connect()) {
      ChannelSubscription subscription = redis.subscribe("news", new Heard());
      Await.until("it is told of", () -> !log.lines("subscriptions=refused").isEmpty());
      assertThat(log.lines("subscriptions=refused").get(0))
          .contains("WARN", "redis=stranger", "node=", "refuses the credentials");

      owner.auth("right");
      owner.configSet("requirepass", "wrong");

      Await.until("it is live", subscription::live);
      Await.until("that is told", () -> !log.lines("subscriptions=accepted").isEmpty());
      assertThat(log.lines("subscriptions=refused")).hasSize(1);
    }
  }

  @Test
  void aListenerThatThrowsHasAGapOfItsOwn() {
    try (CapturedLog log = CapturedLog.start();
        RedisClient client = client(server.port());
        Subscriptions all = through(client, Duration.ofSeconds(1), "thrower")) {
      Heard thrower = new Heard() {
        @Override
        public void onMessage(byte[] message) {
          super.onMessage(message);
          if (new String(message, UTF_8).startsWith("bad")) {
            throw new StackOverflowError();
          }
        }
      };
      Heard beside = new Heard();
      Heard elsewhere = new Heard();
      all.subscribe("mixed", thrower);
      all.subscribe("mixed", beside);
      all.subscribe("other", elsewhere);
      Await.until("all are live", () -> all.live() == 3);
      SubscribedConnection connection = all.connections().get(0);

      for (int time = 1; time <= 2; time++) {
        int lives = time + 1;
        admin.publish("mixed", "bad " + time);
        Await.until("it is live again", () -> thrower.count("LIVE") == lives);
      }
      admin.publish("mixed", "good");
      admin.publish("other", "good");

      Await.until(
          "all hear",
          () -> beside.events.contains("good")
              && thrower.events.contains("good")
              && elsewhere.events.contains("good"));
      assertThat(thrower.events)
          .containsExactly("LIVE", "bad 1", "GAP", "LIVE", "bad 2", "GAP", "LIVE", "good");
      assertThat(beside.events).containsExactly("LIVE", "bad 1", "bad 2", "good");
      assertThat(elsewhere.events).containsExactly("LIVE", "good");
      assertThat(all.connections()).containsExactly(connection);
      assertThat(log.lines("channel=mixed")).hasSize(1);
    }
  }

  @Test
  void twoListenersOfAChannelAreBothTold() {
    try (RedisClient client = client(server.port());
        Subscriptions all = through(client, Duration.ofSeconds(1), "pair")) {
      Heard first = new Heard();
      Heard second = new Heard();
      ChannelSubscription one = all.subscribe("shared", first);
      Await.until("it is live", one::live);
      ChannelSubscription two = all.subscribe("shared", second);
      Await.until("both are", two::live);

      assertThat(admin.publish("shared", "both")).isEqualTo(1);
      Await.until(
          "both hear", () -> first.events.contains("both") && second.events.contains("both"));
      one.close();
      admin.publish("shared", "one");

      Await.until("the other hears", () -> second.events.contains("one"));
      assertThat(first.events).containsExactly("LIVE", "both", "GAP");
      assertThat(second.events).containsExactly("LIVE", "both", "one");
    }
  }

  @Test
  void afterAStandstillItIsNotLiveUntilTheServerHasAnswered() {
    ManualClock clock = ManualClock.startingAt(Instant.EPOCH);
    try (RedisClient client = client(server.port());
        Subscriptions all = Subscriptions.through(() -> client, NEVER, clock, "still")) {
      Heard heard = new Heard();
      ChannelSubscription subscription = all.subscribe("news", heard);
      assertThat(subscription.liveAt(clock.nanoTime())).isFalse();
      Await.until("it is live", subscription::live);
      assertThat(subscription.liveAt(clock.nanoTime())).isTrue();

      clock.advance(NEVER.multipliedBy(2));

      assertThat(subscription.liveAt(clock.nanoTime())).isFalse();
      assertThat(all.down()).isEqualTo(1);
      all.connections().get(0).ping();
      Await.until("it knows again", () -> subscription.liveAt(clock.nanoTime()));
      assertThat(heard.events).containsExactly("LIVE");
    }
  }

  @Test
  void aSlowListenerIsToldOfAndIsNoLostConnection() {
    try (CapturedLog log = CapturedLog.start();
        RedisClient client = client(server.port());
        Subscriptions all = through(client, QUICK, "slow")) {
      CountDownLatch done = new CountDownLatch(1);
      Heard slow = new Heard() {
        @Override
        public void onMessage(byte[] message) {
          super.onMessage(message);
          try {
            done.await();
          } catch (InterruptedException closing) {
            Thread.currentThread().interrupt();
          }
        }
      };
      Heard beside = new Heard();
      all.subscribe("slow", slow);
      ChannelSubscription waiting = all.subscribe("beside", beside);
      Await.until("both are live", () -> all.live() == 2);
      // Again, as below.
      Await.until("it works", () -> {
        admin.publish("slow", "work");
        return slow.events.contains("work");
      });
      SubscribedConnection connection = all.connections().get(0);

      admin.publish("beside", "behind it");
      Await.until("it is told of", () -> !log.lines("listener=slow").isEmpty());
      assertThat(waiting.liveAt(System.nanoTime())).isFalse();
      done.countDown();

      Await.until("the next is heard", () -> beside.events.contains("behind it"));
      Await.until("that is told", () -> !log.lines("listener=well").isEmpty());
      assertThat(log.lines("listener=slow")).hasSize(1);
      assertThat(all.connections()).containsExactly(connection);
    }
  }

  @Test
  void itFollowsTheNodesThatItIsTold() {
    AtomicReference<Map<String, Pool<Connection>>> nodes = new AtomicReference<>(Map.of());
    try (RedisServer other = RedisServer.start();
        RedisClient first = client(server.port());
        RedisClient second = client(other.port());
        Jedis atOther = other.connect();
        Subscriptions all =
            new Subscriptions(nodes::get, () -> {}, UNHURRIED, Clock.system(), "moving")) {
      Heard heard = new Heard();
      ChannelSubscription subscription = all.subscribe("news", heard);

      nodes.set(Map.of("a", first.getPool()));
      Await.until("the first is listened at", () -> heard.count("LIVE") == 1);
      nodes.set(Map.of("a", first.getPool(), "b", second.getPool()));
      Await.until("both are", () -> heard.count("LIVE") == 2);
      nodes.set(Map.of("b", second.getPool()));
      Await.until("the first is left", () -> connections(admin) == 0);

      // Who has left takes nothing along.
      assertThat(heard.count("GAP")).isEqualTo(1);
      assertThat(subscription.live()).isTrue();
      // Again: with heartbeats this short a busy machine makes gaps, in which one is missed.
      Await.until("the second is heard", () -> {
        atOther.publish("news", "here");
        return heard.events.contains("here");
      });

      nodes.set(Map.of("b", first.getPool()));

      Await.until("the new address is", () -> heard.count("LIVE") == 3);
      Await.until("it is heard", () -> {
        admin.publish("news", "there");
        return heard.events.contains("there");
      });
    }
  }

  @Test
  void whatIsNotLiveForLongIsToldOfOnceWithTheReasonAndWhenItIsOver() {
    try (RedisServer mortal = RedisServer.start();
        RedisClient client = client(mortal.port());
        Subscriptions all = through(client, QUICK, "outage")) {
      for (int i = 0; i < 10; i++) {
        all.subscribe("c" + i, new Heard());
      }
      Await.until("all are live", () -> all.live() == 10);

      // Not from the start, which can take a busy machine long enough to be told of.
      try (CapturedLog log = CapturedLog.start()) {
        mortal.kill();
        Await.until("it is told", () -> !log.lines("subscriptions=not-live").isEmpty());
        mortal.restart();

        Await.until("all are live again", () -> all.live() == 10);
        Await.until("that is told", () -> !log.lines("subscriptions=live").isEmpty());
        assertThat(log.lines("subscriptions=not-live")).hasSize(1);
        assertThat(log.lines("subscriptions=not-live").get(0))
            .contains("WARN", "redis=outage", "count=10", "cannot be reached: connection refused");
        assertThat(log.lines("subscriptions=live").get(0)).contains("INFO", "redis=outage");
      }
    }
  }

  @Test
  void aPoolWithoutAFreeConnectionIsNamedAsTheReason() {
    GenericObjectPoolConfig<Connection> one = new GenericObjectPoolConfig<>();
    one.setMaxTotal(1);
    one.setMaxWait(Duration.ofMillis(50));
    try (CapturedLog log = CapturedLog.start();
        RedisClient client = RedisClient.builder()
            .hostAndPort("127.0.0.1", server.port())
            .poolConfig(one)
            .build();
        Subscriptions all = through(client, QUICK, "narrow")) {
      ChannelSubscription subscription;
      try (Connection taken = client.getPool().getResource()) {
        subscription = all.subscribe("news", new Heard());

        Await.until("it is told", () -> !log.lines("subscriptions=not-live").isEmpty());

        assertThat(taken.isConnected()).isTrue();
        assertThat(log.lines("subscriptions=not-live").get(0))
            .contains("has no free connection", "larger pool");
      }
      Await.until("it is live", subscription::live);
    }
  }

  @Test
  void aSubscriptionMadeWhileTheNetworkIsCutIsLiveOnceItIsBack() {
    try (FaultProxy proxy = FaultProxy.to(server.port());
        RedisAccess redis = RedisAccess.open(proxy.redisUrl())) {
      proxy.cut();
      Heard heard = new Heard();
      ChannelSubscription subscription = redis.subscribe("news", heard);
      assertThat(redis.subscriptionsDown()).isEqualTo(1);

      proxy.heal();

      // It is live a moment before its listener is told.
      Await.until("its listener is told", () -> subscription.live() && !heard.events.isEmpty());
      assertThat(heard.events).containsExactly("LIVE");
    }
  }

  @Test
  void comingAndGoingFromManyThreadsEndsInWhatIsOpen() {
    try (RedisClient client = client(server.port());
        Subscriptions all = through(client, Duration.ofSeconds(1), "churn")) {
      Heard[] kept = new Heard[8];
      Crowd.of(8).each(1, (caller, time) -> {
        Random random = new Random(caller);
        for (int i = 0; i < 200; i++) {
          // Few channels, so that they meet in every state of one.
          ChannelSubscription passing = all.subscribe("x" + random.nextInt(3), new Heard());
          if (random.nextBoolean()) {
            Thread.yield();
          }
          passing.close();
        }
        kept[caller] = new Heard();
        all.subscribe("x" + caller % 2, kept[caller]);
      });

      Await.until("those that are open are live", () -> all.live() == 8);
      Await.until("the others are given up", () -> admin.pubsubChannels("x*").size() == 2);
      admin.publish("x0", "even");
      admin.publish("x1", "odd");
      for (int caller = 0; caller < 8; caller++) {
        Heard heard = kept[caller];
        String message = caller % 2 == 0 ? "even" : "odd";
        Await.until("each hears", () -> heard.events.contains(message));
        assertThat(heard.events).startsWith("LIVE").endsWith(message).doesNotHaveDuplicates();
      }
      assertThat(all.connections()).hasSize(1);
      assertThat(connections(admin)).isEqualTo(1);
    }
  }

  @Test
  void aClosedAccessTakesNoSubscription() {
    RedisAccess redis = RedisAccess.builder(server.url()).name("gone").build();
    redis.close();

    assertThatThrownBy(() -> redis.subscribe("news", new Heard()))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("news")
        .hasMessageContaining("'gone' is closed");
  }
}
