package io.github.scalingtoolkit.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.scalingtoolkit.core.guard.Guard;
import io.github.scalingtoolkit.core.guard.RejectedException;
import io.github.scalingtoolkit.core.redis.ChannelListener;
import io.github.scalingtoolkit.core.redis.ChannelSubscription;
import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.core.time.ManualClock;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.RedisServer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisAccessControlException;

/** The worker's loop taken by hand, a turn at a time. */
class StepperTest {
  private static final JobType<String> NOTE = JobType.of("note", String.class);

  private final RedisServer server = RedisServer.start();
  private final RedisAccess redis =
      RedisAccess.builder(server.url()).deadline(Duration.ofSeconds(2)).build();
  private final JobQueue queue = JobQueue.builder(redis, "notes").build();
  private final ManualClock clock = ManualClock.startingAt(Instant.EPOCH);
  private final Ends ends = new Ends();
  private final Slots slots = slots(Map.of("note", 2));
  private final List<Claim> started = new ArrayList<>();
  private int idleTimes;
  private Stepper stepper;

  @BeforeEach
  void create() {
    stepper = stepper(slots);
  }

  private static Slots slots(Map<String, Integer> types) {
    return new Slots(new SlotPool(2), types, () -> {});
  }

  private Stepper stepper(Slots slots) {
    return stepper("w", slots, started);
  }

  private Stepper stepper(String worker, Slots slots, List<Claim> started) {
    return stepper(worker, queue, slots, started);
  }

  private Stepper stepper(String worker, JobQueue queue, Slots slots, List<Claim> started) {
    Claims claims =
        new Claims(queue, worker, Duration.ofSeconds(30), 5, slots.types(), clock, lost -> {});
    claims.listens();
    return new Stepper(
        claims, ends, slots, Priorities.strict(), started::add, () -> idleTimes++, clock);
  }

  @AfterEach
  void close() {
    redis.close();
    server.close();
  }

  private void enqueue(int jobs) {
    for (int i = 0; i < jobs; i++) {
      queue.enqueue(NOTE, "n" + i);
    }
  }

  @Test
  void claimsNoMoreThanIsFreeAndTheRestOnceThatHasEnded() {
    enqueue(3);

    stepper.turn();
    assertThat(started).hasSize(2);
    assertThat(stepper.turn()).isGreaterThan(Duration.ofHours(1));
    assertThat(stepper.isIdle()).isFalse();

    ends.add(End.completed(started.get(0)));
    ends.add(End.completed(started.get(1)));
    // In the same round trip: the slots of jobs that end with it are free for others.
    assertThat(stepper.turn()).isZero();

    assertThat(started).hasSize(3);
    assertThat(QueueInspector.of(queue).counts()).isEqualTo(new QueueCounts(0, 0, 1, 0, 2));
  }

  @Test
  void claimsNoMoreOfATypeThanMayRun() {
    stepper = stepper(slots(Map.of("note", 1)));
    enqueue(3);

    stepper.turn();
    stepper.turn();
    assertThat(started).hasSize(1);
    assertThat(stepper.isIdle()).isTrue();

    ends.add(End.completed(started.get(0)));
    stepper.turn();
    assertThat(started).hasSize(2);
  }

  @Test
  void isIdleOnceThereIsNothingAndLooksAgainWhenSignalled() {
    stepper.turn();
    stepper.turn();
    assertThat(stepper.isIdle()).isTrue();
    assertThat(idleTimes).isEqualTo(1);
    enqueue(1);
    assertThat(stepper.turn()).isPositive();
    assertThat(started).isEmpty();

    stepper.signal();
    stepper.turn();

    assertThat(started).hasSize(1);
  }

  @Test
  void waitsUntilADelayedJobIsDueAndClaimsItThenWithoutASignal() {
    queue.enqueue(NOTE, "later", EnqueueOptions.defaults().delay(Duration.ofSeconds(3)));
    stepper.turn();

    assertThat(stepper.turn()).isBetween(Duration.ofMillis(1), Duration.ofSeconds(3));
    Await.until("it is due by the clock of Redis", () -> {
      clock.advance(Duration.ofSeconds(3));
      stepper.turn();
      return started.size() == 1;
    });
  }

  @Test
  void endsThatRedisCouldNotBeToldOfAreToldLaterInTheirOrder() {
    enqueue(2);
    stepper.turn();
    started.forEach(claim -> ends.add(End.completed(claim)));
    server.kill();

    assertThatThrownBy(stepper::turn).isInstanceOf(RuntimeException.class);

    assertThat(slots.free()).isZero();
    assertThat(ends.take()).extracting(End::claim).containsExactlyElementsOf(started);
  }

  @Test
  void aClaimThatWasRefusedLeavesNothingForTheNextBeatToReturn() {
    Claims claims =
        new Claims(queue, "x", Duration.ofSeconds(30), 5, List.of("note"), clock, lost -> {});
    claims.beat(false);
    redis.guards().forEach(Guard::forceOpen);
    Claims.Wish wish = new Claims.Wish(1, "012", Map.of("note", 1), "");

    assertThatThrownBy(() -> claims.step(List.of(), wish)).isInstanceOf(RejectedException.class);

    assertThat(claims.needsBeat()).isFalse();
  }

  @Test
  void aCallThatLedToAJobOfAnotherTypeIsPassedOn() {
    List<Claim> startedByOther = new ArrayList<>();
    Stepper busy = stepper(
        "busy", new Slots(new SlotPool(1), Map.of("note", 1, "image", 1), () -> {}), started);
    Stepper other = stepper("other", slots, startedByOther);
    List.of(busy, other).forEach(each -> {
      each.turn();
      each.turn();
    });
    AtomicBoolean live = new AtomicBoolean();
    AtomicInteger calls = new AtomicInteger();
    try (ChannelSubscription subscription = redis.subscribe(queue.key("n"), hears(calls, live))) {
      Await.until("it listens", live::get);
      queue.enqueue(
          JobType.of("image", String.class), "x", EnqueueOptions.defaults().priority(0));
      queue.enqueue(NOTE, "n");
      // The other worker hears this one, too, and finds the call taken before the busy one steps.
      Await.until("the enqueue has called", () -> calls.get() == 1);
      busy.heard("note");
      busy.turn();
      assertThat(started).extracting(Claim::type).containsExactly("image");

      Await.until("it is called again", Duration.ofSeconds(10), () -> calls.get() == 2);
      other.heard("note");
      other.turn();
      assertThat(startedByOther).extracting(Claim::type).containsExactly("note");
      assertThat(subscription).isNotNull();
    }
  }

  @Test
  void aCallGoesToAnotherWorkerIfTheStepFails() {
    try (Jedis jedis = server.connect();
        RedisAccess limited = RedisAccess.builder(
                "redis://a:a@" + server.url().substring("redis://".length()))
            .deadline(Duration.ofSeconds(2))
            .build()) {
      jedis.aclSetUser("a", "on", ">a", "~*", "&*", "+@all");
      JobQueue ofA = JobQueue.builder(limited, "notes").build();
      List<Claim> startedByOther = new ArrayList<>();
      Post first = new Post(ofA, stepper("a", ofA, slots, started), slots);
      Slots others = slots(Map.of("note", 2));
      Post second = new Post(queue, stepper("b", queue, others, startedByOther), others);
      List.of(first, second).forEach(post -> {
        post.stepper().turn();
        post.stepper().turn();
      });
      enqueue(1);

      new Waiter(List.of(first)).turn();
      assertThat(jedis.exists("q:{notes}:k:note")).as("nobody else hears of it").isFalse();
      jedis.aclSetUser("a", "-eval", "-evalsha");
      assertThatThrownBy(first.stepper()::turn).isInstanceOf(JedisAccessControlException.class);

      new Waiter(List.of(second)).turn();
      second.stepper().turn();
      assertThat(startedByOther).hasSize(1);
    }
  }

  @Test
  void everyCallGoesToAnotherWorkerIfNoSlotIsFree() {
    Slots one = new Slots(new SlotPool(1), Map.of("note", 1, "image", 1), () -> {});
    Stepper full = stepper("full", one, started);
    enqueue(1);
    full.turn();
    full.turn();
    assertThat(started).hasSize(1);
    try (Jedis jedis = server.connect()) {
      jedis.del("q:{notes}:k:note", "q:{notes}:k:image");

      full.took("note");
      full.took("image");
      full.turn();

      assertThat(jedis.exists("q:{notes}:k:note", "q:{notes}:k:image")).isEqualTo(2);
    }
  }

  /** As a station is one, without loops. */
  private record Post(JobQueue queue, Stepper stepper, Slots slots) implements Waiter.Post {
    @Override
    public void called() {
      stepper.signal();
    }

    @Override
    public void called(String type) {
      stepper.took(type);
    }
  }

  private static ChannelListener hears(AtomicInteger calls, AtomicBoolean live) {
    return new ChannelListener() {
      @Override
      public void onMessage(byte[] type) {
        if (Scripts.text(type).equals("note")) {
          calls.incrementAndGet();
        }
      }

      @Override
      public void onLive() {
        live.set(true);
      }

      @Override
      public void onGap() {}
    };
  }

  @Test
  void aWorkerOfAnotherDataVersionLeavesCallsToTheOthers() {
    stepper.turn();
    stepper.turn();
    enqueue(1);
    try (Jedis jedis = server.connect()) {
      jedis.hset(queue.key("m"), "v", "999");
      stepper.heard("note");
      assertThatThrownBy(stepper::turn).isInstanceOf(QueueVersionException.class);
      assertThat(jedis.exists(queue.key("k:note"))).as("it was passed on").isTrue();
      jedis.configResetStat();

      stepper.heard("note");
      assertThatThrownBy(stepper::turn).isInstanceOf(QueueVersionException.class);

      assertThat(jedis.info("commandstats")).doesNotContain("cmdstat_zpopmin", "cmdstat_publish");
    }
  }

  @Test
  void aCallThatCouldNotBePassedOnAtOnceIsPassedOnLater() {
    stepper.turn();
    stepper.turn();
    enqueue(1);
    stepper.heard("note");
    redis.guards().forEach(Guard::forceOpen);
    assertThatThrownBy(stepper::turn).isInstanceOf(RejectedException.class);
    stepper.stop();
    redis.guards().forEach(Guard::forceClosed);
    try (Jedis jedis = server.connect()) {
      jedis.del(queue.key("k:note"));

      stepper.turn();

      assertThat(jedis.exists(queue.key("k:note"))).isTrue();
    }
  }

  @Test
  void afterAStopItClaimsNothingAndStillEndsWhatRan() {
    enqueue(3);
    stepper.turn();
    stepper.stop();
    ends.add(End.completed(started.get(0)));

    stepper.turn();
    stepper.turn();

    assertThat(started).hasSize(2);
    assertThat(QueueInspector.of(queue).counts()).isEqualTo(new QueueCounts(1, 0, 1, 0, 1));
    assertThat(stepper.isIdle()).isFalse();
  }

  @Test
  void aWaiterOfAStoppedWorkerPassesACallOn() throws InterruptedException {
    stepper.turn();
    stepper.turn();
    Waiter waiter = new Waiter(List.of(new Post(queue, stepper, slots)));
    Thread waiting = new Thread(waiter::turn);
    waiting.start();
    try (Jedis jedis = server.connect()) {
      Await.until("it waits", () -> jedis.clientList().contains("cmd=bzpopmin"));
      stepper.stop();
      enqueue(1);
      waiting.join();

      assertThat(jedis.exists("q:{notes}:k:note")).isTrue();
    }
  }

  @Test
  void aClaimOnItsWayHoldsItsSlotsSoThatACloseWaitsForIt() throws InterruptedException {
    enqueue(1);
    server.pause();
    Thread turn = new Thread(stepper::turn);
    turn.start();
    Await.until("the claim is on its way", () -> slots.free() == 0);

    assertThat(slots.take(2, true)).isZero();
    server.resume();
    turn.join();

    assertThat(started).hasSize(1);
    assertThat(slots.free()).isEqualTo(1);
  }
}
