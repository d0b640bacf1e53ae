package io.github.scalingtoolkit.cache;

import io.github.scalingtoolkit.core.guard.RejectedException;
import io.github.scalingtoolkit.core.internal.Once;
import io.github.scalingtoolkit.core.redis.ScriptCall;
import io.github.scalingtoolkit.core.redis.ScriptReply;
import io.github.scalingtoolkit.core.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The two levels as readers use them: what to look at, and what to put where after a load. */
final class Stores<V> {
  private static final Logger log = LoggerFactory.getLogger(Stores.class);
  private static final int MOST_ORPHANS = 1000;

  private final String cache;
  private final Codec<V> codec;
  private final RemoteEntries remote;
  private final @Nullable LocalEntries<V> local;
  private final Journal journal;
  private final long timeToLiveMillis;
  private final double jitter;
  private final CacheListener listener;
  private final Clock clock;
  private final ConcurrentMap<String, Flight<V>> flights = new ConcurrentHashMap<>();
  private final Set<String> orphans = ConcurrentHashMap.newKeySet();
  private final Once unencodable = new Once();

  Stores(
      CacheAsideBuilder<?, V> settings,
      RemoteEntries remote,
      @Nullable LocalEntries<V> local,
      Journal journal) {
    cache = settings.name;
    codec = settings.codec;
    this.remote = remote;
    this.local = local;
    this.journal = journal;
    timeToLiveMillis = settings.timeToLive.toMillis();
    jitter = settings.jitter;
    listener = settings.listener;
    clock = settings.clock;
  }

  /** A value that was loaded under a lease. */
  record Loaded<V>(
      String id, String token, long stamp, @Nullable V value) {}

  /** Returns the longest that a value can live. */
  static Duration longestLife(Duration timeToLive, double jitter) {
    return Duration.ofMillis((long) Math.ceil(timeToLive.toMillis() * (1 + jitter)));
  }

  Codec<V> codec() {
    return codec;
  }

  RemoteEntries remote() {
    return remote;
  }

  /** Loads in progress in this process, by the token of their lease. */
  ConcurrentMap<String, Flight<V>> flights() {
    return flights;
  }

  boolean hasLocal() {
    return local != null;
  }

  @Nullable
  Cached<V> peek(String id) {
    return local == null ? null : local.peek(id);
  }

  long stamp(String id) {
    return local == null ? 0 : local.stamp(id);
  }

  boolean bypasses(String id) {
    return journal.bypasses(id);
  }

  /** Keeps in memory a value that Redis keeps for another {@code leftMillis} after {@code asked}; negative: for ever. */
  void install(String id, long stamp, @Nullable V value, long asked, long leftMillis) {
    if (local != null && leftMillis != 0) {
      long left = leftMillis < 0 ? Long.MAX_VALUE / 4 : TimeUnit.MILLISECONDS.toNanos(leftMillis);
      local.install(id, stamp, value, asked + left);
    }
  }

  /** Stores a loaded value if its lease still holds. Never throws. */
  void fill(String id, String token, long stamp, @Nullable V value) {
    fillAll(List.of(new Loaded<>(id, token, stamp, value)));
  }

  /** As {@link #fill}, in one round trip. */
  void fillAll(List<Loaded<V>> loaded) {
    List<Loaded<V>> sent = new ArrayList<>();
    List<Long> lives = new ArrayList<>();
    List<ScriptCall> calls = new ArrayList<>();
    for (Loaded<V> one : loaded) {
      byte[] bytes = encoded(one.value());
      if (bytes == null) {
        listener.onFill(false);
        release(one.id(), one.token());
      } else if (!journal.bypasses(one.id())) {
        long life = lifeMillis();
        sent.add(one);
        lives.add(life);
        calls.add(remote.fillCall(one.id(), one.token(), bytes, life));
      } else {
        listener.onFill(false);
      }
    }
    if (sent.isEmpty()) {
      return;
    }
    long asked = clock.nanoTime();
    List<ScriptReply> replies;
    try {
      replies = remote.runAll(calls);
    } catch (RuntimeException unreachable) {
      for (Loaded<V> one : sent) {
        listener.onFill(false);
        orphan(one.token(), unreachable);
      }
      return;
    }
    for (int i = 0; i < sent.size(); i++) {
      boolean stored =
          replies.get(i).failure() == null && RemoteEntries.one(replies.get(i).value());
      listener.onFill(stored);
      if (stored) {
        Loaded<V> one = sent.get(i);
        install(one.id(), one.stamp(), one.value(), asked, lives.get(i));
      }
    }
  }

  /** Notes a lease that may be left in Redis without a loader, because Redis did not answer. */
  void orphan(String token, RuntimeException failure) {
    // A refused call has left nothing in Redis.
    if (!(failure instanceof RejectedException) && orphans.size() < MOST_ORPHANS) {
      orphans.add(token);
    }
  }

  /** Releases such a lease as soon as it is found, so that no reader waits for its end. */
  boolean releasedOrphan(String id, String token) {
    if (!orphans.remove(token)) {
      return false;
    }
    release(id, token);
    return true;
  }

  /** Releases a lease after a failed load, if Redis can be reached. Never throws. */
  void release(String id, String token) {
    try {
      remote.run(remote.releaseCall(id, token));
    } catch (RuntimeException unreachable) {
      log.debug("cache={} lease=left-to-expire", cache);
    }
  }

  private byte @Nullable [] encoded(@Nullable V value) {
    try {
      return Entries.value(codec, value);
    } catch (RuntimeException broken) {
      unencodable.tell(() -> log.warn(
          "cache={} codec={} encode=failed cause={} action=not-cached logged=once",
          cache,
          codec.getClass().getName(),
          broken.getClass().getName()));
      return null;
    }
  }

  private long lifeMillis() {
    double spread = jitter * (2 * ThreadLocalRandom.current().nextDouble() - 1);
    return Math.max(1, Math.round(timeToLiveMillis * (1 + spread)));
  }
}
