package io.github.scalingtoolkit.cache;

import io.github.scalingtoolkit.core.internal.Once;
import io.github.scalingtoolkit.core.redis.ScriptCall;
import io.github.scalingtoolkit.core.time.Clock;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.exceptions.JedisDataException;

/**
 * Invalidations that have not reached Redis. This process bypasses their keys, in memory and in Redis, until they have
 * been replayed.
 *
 * <p><b>Replay of one key.</b> A write that is over is ended (which removes whatever stands there). A write that may yet
 * commit is begun now, late: should it have committed before, the tombstone has removed the old value; should it commit
 * later, the tombstone stands. An evict is evicted. Then the key leaves the journal, unless more has come meanwhile.
 *
 * <p><b>Overflow.</b> The journal is bounded. When it is full, this process no longer knows which keys are stale, so it
 * bypasses all of them until everything that was in Redis at that time has expired: one longest time to live, and a lease
 * and a write before it. Other processes cannot be reached, so they may serve an old value for as long, as they may
 * anyway while a writer cannot reach Redis. The alternatives cost more than they give: a name space by generation
 * costs every get a second key, and a scan of all keys holds up the recovery.
 */
final class Journal {
  private static final Logger log = LoggerFactory.getLogger(Journal.class);

  /** After so many keys that were refused, and none that was not, a replay ends. */
  private static final int MOST_REFUSALS = 10;

  private final String cache;
  private final int maxKeys;
  private final long quarantineNanos;
  private final int toleratedFailures;
  private final Clock clock;
  private final Runnable onAdd;
  private final Runnable onOverflow;
  private final ConcurrentHashMap<String, Pending> keys = new ConcurrentHashMap<>();
  private final AtomicLong quarantinedUntil = new AtomicLong();
  private final ReentrantLock replaying = new ReentrantLock();
  private final Function<Throwable, String> explain;

  /** Guarded by {@link #replaying}. A full disk refuses for as long as it is full, many times a second. */
  private final Once refusal = new Once();

  /**
   * @param quarantineNanos for how long all keys are bypassed after the last overflow
   * @param toleratedFailures how many keys a replay may fail on before it gives up: some on a cluster, whose nodes fail
   *     one by one, so that one that is out neither keeps the keys of others here nor the breaker open; else none
   * @param explain says why Redis refused a script
   * @param onAdd called when there is something to replay
   * @param onOverflow called when no key can be trusted any more
   */
  Journal(
      String cache,
      int maxKeys,
      long quarantineNanos,
      int toleratedFailures,
      Clock clock,
      Function<Throwable, String> explain,
      Runnable onAdd,
      Runnable onOverflow) {
    this.cache = cache;
    this.maxKeys = maxKeys;
    this.quarantineNanos = quarantineNanos;
    this.toleratedFailures = toleratedFailures;
    this.clock = clock;
    this.explain = explain;
    this.onAdd = onAdd;
    this.onOverflow = onOverflow;
  }

  /** Makes the scripts of a replay for one id. */
  interface Scripts {
    ScriptCall begin(String id, String token);

    ScriptCall end(String id, String token);

    ScriptCall evict(String id);
  }

  boolean bypasses(String id) {
    return quarantined() || keys.containsKey(id);
  }

  /** A write whose begin may not have reached Redis. */
  void open(String id, String token) {
    add(id, pending -> pending.withOpen(token));
  }

  /** A write that is over, whose end may not have reached Redis. */
  void ended(String id, String token) {
    add(id, pending -> pending.withEnded(token));
  }

  void evicted(String id) {
    add(id, Pending::withEvicted);
  }

  /** A write whose end did reach Redis. */
  void settled(String id, String token) {
    keys.computeIfPresent(id, (key, pending) -> pending.without(token));
  }

  int size() {
    return keys.size();
  }

  /**
   * Replays the journal, and returns how many keys left it. One replay runs at a time.
   *
   * @param runner runs one script; an exception ends the replay, unless failures are tolerated, but a script that Redis
   *     refuses keeps its key here
   * @param done called for each key, before it leaves
   * @throws RuntimeException what the runner threw, unless some other key was replayed and failures are tolerated
   */
  int replay(Scripts scripts, Consumer<ScriptCall> runner, Consumer<String> done) {
    replaying.lock();
    try {
      List<Map.Entry<String, Pending>> all = new ArrayList<>(keys.entrySet());
      // Keys that fail must not always come first.
      Collections.shuffle(all);
      int replayed = 0;
      int refusals = 0;
      int failures = 0;
      for (Map.Entry<String, Pending> key : all) {
        if (refusals == MOST_REFUSALS && replayed == 0) {
          // It refuses all, it seems: no need to ask for each of them now.
          break;
        }
        try {
          if (replay(key.getKey(), key.getValue(), scripts, runner)) {
            done.accept(key.getKey());
            keys.computeIfPresent(
                key.getKey(), (id, pending) -> pending == key.getValue() ? null : pending);
            replayed++;
          } else {
            refusals++;
          }
        } catch (RuntimeException unreachable) {
          if (++failures > toleratedFailures) {
            if (replayed > 0 && toleratedFailures > 0) {
              break;
            }
            throw unreachable;
          }
        }
      }
      return replayed;
    } finally {
      replaying.unlock();
    }
  }

  private boolean replay(String id, Pending pending, Scripts scripts, Consumer<ScriptCall> runner) {
    try {
      for (String token : pending.ended()) {
        runner.accept(scripts.end(id, token));
      }
      if (pending.evicted()) {
        runner.accept(scripts.evict(id));
      }
      for (String token : pending.open()) {
        runner.accept(scripts.begin(id, token));
      }
      refusal.over(() -> log.info("cache={} replay=accepted", cache));
      return true;
    } catch (JedisDataException refused) {
      refusal.tell(() -> log.warn(
          "cache={} replay=refused keys={} cause=\"{}\" action=\"it is tried again until accepted; this"
              + " process bypasses the keys meanwhile\"",
          cache,
          keys.size(),
          explain.apply(refused)));
      return false;
    }
  }

  private void add(String id, UnaryOperator<Pending> change) {
    boolean known = keys.computeIfPresent(id, (key, pending) -> change.apply(pending)) != null;
    if (!known && keys.size() < maxKeys) {
      keys.compute(id, (key, pending) -> change.apply(pending == null ? Pending.NOTHING : pending));
      known = true;
    }
    if (known) {
      onAdd.run();
    } else {
      overflow();
    }
  }

  private void overflow() {
    // 0 says that there is none.
    long until = (clock.nanoTime() + quarantineNanos) | 1;
    if (quarantinedUntil.getAndSet(until) == 0) {
      log.warn(
          "cache={} journal=full keys={} action=bypass-all for={}ms",
          cache,
          maxKeys,
          quarantineNanos / 1_000_000);
    }
    onOverflow.run();
  }

  private boolean quarantined() {
    long until = quarantinedUntil.get();
    if (until == 0) {
      return false;
    }
    if (clock.nanoTime() - until < 0) {
      return true;
    }
    // Lost to a concurrent overflow: then the new quarantine applies.
    return !quarantinedUntil.compareAndSet(until, 0);
  }
}
