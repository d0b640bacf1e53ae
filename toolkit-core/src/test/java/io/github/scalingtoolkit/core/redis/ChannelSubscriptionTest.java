package io.github.scalingtoolkit.core.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.FaultProxy;
import io.github.scalingtoolkit.testing.PatientRedis;
import io.github.scalingtoolkit.testing.RedisCluster;
import io.github.scalingtoolkit.testing.RedisServer;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.RedisClient;
import redis.clients.jedis.RedisProtocol;
import redis.clients.jedis.args.ClientType;
import redis.clients.jedis.params.ClientKillParams;

class ChannelSubscriptionTest {
  @Test
  void deliversEveryMessagePublishedWhileLive() {
    try (RedisServer server = RedisServer.start();
        RedisAccess redis = PatientRedis.open(server.url())) {
      Heard heard = new Heard();
      ChannelSubscription subscription = redis.subscribe("news", heard);
      Await.until("it is live", subscription::live);

      for (int i = 0; i < 100; i++) {
        String message = "m" + i;
        redis.call(jedis -> jedis.publish("news", message));
      }

      Await.until("all are heard", () -> heard.events.size() == 101);
      assertThat(heard.events.get(0)).isEqualTo("LIVE");
      assertThat(heard.events.get(100)).isEqualTo("m99");
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"RESP2", "RESP3"})
  void itsOwnHeartbeatsNeverLookLikeALostConnection(RedisProtocol protocol) {
    try (RedisServer server = RedisServer.start();
        RedisClient client = RedisClient.builder()
            .hostAndPort("127.0.0.1", server.port())
            .clientConfig(DefaultJedisClientConfig.builder().protocol(protocol).build())
            .build();
        Subscriptions all = new Subscriptions(
            () -> NodePools.of(client), () -> {}, Duration.ofHours(1), Clock.system(), "redis")) {
      Heard heard = new Heard();
      ChannelSubscription news = all.subscribe("news", heard);
      ChannelSubscription sport = all.subscribe("sport", heard);
      Await.until("both are live", () -> news.live() && sport.live());
      SubscribedConnection connection = all.connections().get(0);

      for (int i = 0; i < 500; i++) {
        long before = connection.answeredAt();
        // The heartbeat's thread may be looking for what else to send.
        Await.until("it is sent", connection::ping);
        // Each is answered before the next: only then can an answer find nobody waiting for it.
        Await.until("it is answered", () -> connection.answeredAt() != before);
      }
      sport.close();

      Await.until(
          "one channel is left",
          () -> client.publish("sport", "") == 0 && client.publish("news", "still") == 1);
      Await.until("it is heard", () -> heard.events.contains("still"));
      assertThat(all.connections()).containsExactly(connection);
      assertThat(heard.events).startsWith("LIVE", "LIVE", "GAP").doesNotContain("");
    }
  }

  @Test
  void saysThatThereIsAGapWhenItsConnectionIsKilledAndIsLiveAgain() {
    try (RedisServer server = RedisServer.start();
        RedisAccess redis = RedisAccess.open(server.url());
        Jedis admin = server.connect()) {
      Heard heard = new Heard();
      ChannelSubscription subscription = redis.subscribe("news", heard);
      Await.until("it is live", subscription::live);

      admin.clientKill(new ClientKillParams().type(ClientType.PUBSUB));

      Await.until("it is live again", () -> heard.count("LIVE") == 2);
      assertThat(heard.events).containsExactly("LIVE", "GAP", "LIVE");
      admin.publish("news", "after");
      Await.until("it hears again", () -> heard.events.contains("after"));
    }
  }

  @Test
  void saysThatThereIsAGapWhenRedisIsGoneAndIsLiveOnceItIsBack() {
    try (RedisServer server = RedisServer.start();
        RedisAccess redis = RedisAccess.open(server.url())) {
      Heard heard = new Heard();
      ChannelSubscription subscription = redis.subscribe("news", heard);
      Await.until("it is live", subscription::live);

      server.kill();
      Await.until("it says so", () -> heard.count("GAP") == 1);
      server.restart();

      Await.until("it is live again", () -> heard.count("LIVE") == 2);
    }
  }

  @Test
  void takesAHalfOpenConnectionForAGapWithinTwoHeartbeats() {
    try (RedisServer server = RedisServer.start();
        FaultProxy proxy = FaultProxy.to(server.port());
        RedisAccess redis = RedisAccess.open(proxy.redisUrl())) {
      Heard heard = new Heard();
      ChannelSubscription subscription = redis.subscribe("news", heard);
      Await.until("it is live", subscription::live);

      proxy.hang();
      Await.until("it says so", () -> heard.count("GAP") == 1);
      proxy.heal();

      Await.until("it is live again", Duration.ofSeconds(60), () -> heard.count("LIVE") == 2);
    }
  }

  @Test
  void hearsNothingAfterClose() {
    try (RedisServer server = RedisServer.start();
        RedisAccess redis = PatientRedis.open(server.url())) {
      Heard heard = new Heard();
      ChannelSubscription subscription = redis.subscribe("news", heard);
      Await.until("it is live", subscription::live);

      subscription.close();

      Await.until("nobody listens", () -> redis.call(jedis -> jedis.publish("news", "late")) == 0L);
      assertThat(heard.events).startsWith("LIVE", "GAP").doesNotContain("late");
      assertThat(subscription.live()).isFalse();
    }
  }

  @Test
  void listensToEveryMasterOfAClusterAndFollowsItsScaleIn() {
    try (RedisCluster cluster = RedisCluster.start();
        RedisAccess redis =
            RedisAccess.builder(cluster.url()).deadline(Duration.ofSeconds(2)).build();
        Subscriptions all = Subscriptions.through(
            redis::blocking, Duration.ofMillis(500), Clock.system(), "cluster");
        Jedis leaving = cluster.masters().get(2).connect()) {
      Heard heard = new Heard();
      ChannelSubscription subscription = all.subscribe("news", heard);
      Await.until("it is live", subscription::live);
      redis.call(jedis -> jedis.publish("news", "hello"));
      Await.until("each master tells it", () -> heard.count("hello") == 3);
      // One of each master, and the access' own.
      redis.call(jedis -> jedis.get("{a}"));
      redis.call(jedis -> jedis.get("{b}"));
      redis.call(jedis -> jedis.get("{c}"));
      assertThat(redis.guards()).hasSize(4);

      cluster.scaleIn();
      Await.until(
          "the last is left", () -> leaving.clientList(ClientType.PUBSUB).isBlank());
      assertThat(subscription.live()).isTrue();
      assertThat(heard.count("GAP")).isZero();
      // Of the commands' connections, which are told by redirections: of ever new slots, as a look
      // at
      // the topology may fail.
      AtomicInteger key = new AtomicInteger();
      Await.until("its breaker is gone", () -> {
        redis.call(jedis -> jedis.get("key:" + key.getAndIncrement()));
        return redis.guards().size() == 3;
      });

      cluster.masters().get(1).kill();
      Await.until("it says so", () -> heard.count("GAP") == 1);
    }
  }

  @Test
  void goesOnAfterAnErrorOfItsListener() {
    try (RedisServer server = RedisServer.start();
        RedisAccess redis = RedisAccess.open(server.url());
        Jedis admin = server.connect()) {
      Heard heard = new Heard() {
        @Override
        public void onGap() {
          super.onGap();
          throw new StackOverflowError();
        }

        @Override
        public void onLive() {
          super.onLive();
          throw new NoClassDefFoundError("gone");
        }
      };
      ChannelSubscription subscription = redis.subscribe("news", heard);
      for (int time = 1; time <= 3; time++) {
        int times = time;
        Await.until("it is live again", () -> subscription.live() && heard.count("LIVE") == times);

        admin.clientKill(new ClientKillParams().type(ClientType.PUBSUB));

        Await.until("it says so", () -> heard.count("GAP") == times);
      }
      Await.until("it is live again", () -> heard.count("LIVE") == 4);
      admin.publish("news", "after");
      Await.until("it hears again", () -> heard.events.contains("after"));
    }
  }
}
