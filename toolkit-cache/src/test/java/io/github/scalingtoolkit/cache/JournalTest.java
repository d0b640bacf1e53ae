package io.github.scalingtoolkit.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.scalingtoolkit.core.redis.LuaScript;
import io.github.scalingtoolkit.core.redis.ScriptCall;
import io.github.scalingtoolkit.core.time.ManualClock;
import io.github.scalingtoolkit.testing.Await;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;

class JournalTest {
  private final ManualClock clock = ManualClock.startingAt(Instant.EPOCH);
  private final AtomicInteger overflows = new AtomicInteger();
  private final Journal journal = journal(0);
  private final List<String> run = new ArrayList<>();
  private final List<String> left = new ArrayList<>();

  private final Journal.Scripts scripts = new Journal.Scripts() {
    @Override
    public ScriptCall begin(String id, String token) {
      return named("begin " + id + " " + token);
    }

    @Override
    public ScriptCall end(String id, String token) {
      return named("end " + id + " " + token);
    }

    @Override
    public ScriptCall evict(String id) {
      return named("evict " + id);
    }
  };

  private Journal journal(int toleratedFailures) {
    return new Journal(
        "todos",
        3,
        Duration.ofSeconds(10).toNanos(),
        toleratedFailures,
        clock,
        failure -> "Redis answers " + failure.getMessage(),
        () -> {},
        overflows::incrementAndGet);
  }

  private static ScriptCall named(String name) {
    return new ScriptCall(LuaScript.of(name, name), List.of(), List.of());
  }

  private int replay() {
    return journal.replay(scripts, call -> run.add(call.script().name()), left::add);
  }

  @Test
  void aWriteThatIsOverIsEnded() {
    journal.open("a", "t1");
    journal.ended("a", "t1");

    assertThat(journal.bypasses("a")).isTrue();
    assertThat(replay()).isEqualTo(1);

    assertThat(run).containsExactly("end a t1");
    assertThat(left).containsExactly("a");
    assertThat(journal.bypasses("a")).isFalse();
  }

  @Test
  void aWriteUnderWayIsBegunLateAndAfterAllElse() {
    journal.open("a", "t1");
    journal.open("a", "t2");
    journal.ended("a", "t2");
    journal.evicted("a");

    replay();

    assertThat(run).containsExactly("end a t2", "evict a", "begin a t1");
  }

  @Test
  void anEndThatReachedRedisRemovesOnlyItsOwnPart() {
    journal.open("a", "t1");
    journal.settled("a", "t1");
    assertThat(journal.bypasses("a")).isFalse();

    journal.evicted("a");
    journal.open("a", "t2");
    journal.settled("a", "t2");

    assertThat(journal.bypasses("a")).isTrue();
    replay();
    assertThat(run).containsExactly("evict a");
  }

  @Test
  void whatComesDuringAReplayIsNotTakenForReplayed() {
    journal.evicted("a");

    journal.replay(
        scripts,
        call -> {
          run.add(call.script().name());
          journal.evicted("a");
        },
        left::add);

    assertThat(journal.bypasses("a")).isTrue();
    replay();
    assertThat(run).containsExactly("evict a", "evict a");
    assertThat(journal.bypasses("a")).isFalse();
  }

  @Test
  void aReplayThatFailsKeepsWhatItHasNotDone() {
    journal.evicted("a");
    journal.evicted("b");

    assertThatThrownBy(() -> journal.replay(
            scripts,
            call -> {
              throw new JedisConnectionException("gone");
            },
            left::add))
        .isInstanceOf(JedisConnectionException.class);

    assertThat(journal.size()).isEqualTo(2);
  }

  @Test
  void aNodeOfAClusterThatIsOutHoldsUpNoKeyOfAnother() {
    Journal cluster = journal(1);
    for (String id : List.of("a", "b", "c")) {
      cluster.evicted(id);
    }

    Await.until("the others have left", () -> {
      try {
        cluster.replay(
            scripts,
            call -> {
              if (call.script().name().equals("evict a")) {
                throw new JedisConnectionException("gone");
              }
            },
            left::add);
      } catch (JedisConnectionException first) {
        // Only "a" was tried, or is left.
      }
      return cluster.size() == 1;
    });

    assertThat(cluster.bypasses("a")).isTrue();
  }

  @Test
  void aKeyThatRedisRefusesStaysAndHoldsUpNoOther() {
    journal.evicted("a");
    journal.evicted("b");

    int replayed = journal.replay(
        scripts,
        call -> {
          if (call.script().name().equals("evict a")) {
            throw new JedisDataException("WRONGTYPE");
          }
        },
        left::add);

    assertThat(replayed).isEqualTo(1);
    assertThat(journal.bypasses("a")).isTrue();
    assertThat(journal.bypasses("b")).isFalse();
  }

  @Test
  void aReplayOfWhichAllIsRefusedEndsSoon() {
    Journal large =
        new Journal("todos", 1000, 1, 0, clock, Throwable::getMessage, () -> {}, () -> {});
    for (int i = 0; i < 100; i++) {
      large.evicted("k" + i);
    }

    int replayed = large.replay(
        scripts,
        call -> {
          run.add(call.script().name());
          throw new JedisDataException("MISCONF cannot save");
        },
        left::add);

    assertThat(replayed).isZero();
    assertThat(run).hasSize(10);
    assertThat(large.size()).isEqualTo(100);
  }

  @Test
  void aFullJournalBypassesEveryKeyForAsLongAsItMust() {
    for (String id : List.of("a", "b", "c")) {
      journal.evicted(id);
    }
    assertThat(journal.bypasses("other")).isFalse();
    journal.evicted("a");
    assertThat(overflows).hasValue(0);

    journal.evicted("d");

    assertThat(overflows).hasValue(1);
    assertThat(journal.size()).isEqualTo(3);
    assertThat(journal.bypasses("other")).isTrue();
    clock.advance(Duration.ofSeconds(9));
    journal.evicted("e");
    clock.advance(Duration.ofSeconds(9));
    assertThat(journal.bypasses("other")).isTrue();
    clock.advance(Duration.ofSeconds(2));
    assertThat(journal.bypasses("other")).isFalse();
    assertThat(journal.bypasses("a")).isTrue();
  }
}
