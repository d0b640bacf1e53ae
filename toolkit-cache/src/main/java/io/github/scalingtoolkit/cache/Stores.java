package io.github.scalingtoolkit.cache;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.github.scalingtoolkit.core.guard.RejectedException;
import io.github.scalingtoolkit.core.redis.NoConnectionException;
import io.github.scalingtoolkit.core.redis.RedisFailure;
import io.github.scalingtoolkit.core.redis.ScriptCall;
import io.github.scalingtoolkit.core.redis.ScriptReply;
import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.core.time.Deadline;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
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

  /** A fill larger than this goes by itself, with the time that its bytes need. */
  private static final int LARGE_BYTES = 64 * 1024;

  /** Fills of so many bytes share a round trip, and its deadline. */
  private static final int MOST_BYTES_TOGETHER = 256 * 1024;

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

  /** Tokens of leases that may be left in Redis without a loader; for no longer than such a lease can last. */
  private final Cache<String, Boolean> orphans;

  private final LeaseRenewals renewals;
  private final Problems problems;
  private final int largestValue;
  private final Duration loadLifetime;

  /** A value has been encoded, decoded and encoded again. */
  private volatile boolean codecTried;

  Stores(
      CacheAsideBuilder<?, V> settings,
      RemoteEntries remote,
      @Nullable LocalEntries<V> local,
      Journal journal,
      LeaseRenewals renewals,
      CacheListener listener,
      Problems problems) {
    cache = settings.name;
    codec = settings.codec;
    this.remote = remote;
    this.local = local;
    this.journal = journal;
    timeToLiveMillis = settings.timeToLive.toMillis();
    jitter = settings.jitter;
    this.listener = listener;
    clock = settings.clock;
    largestValue = settings.largestValue;
    loadLifetime = settings.loadLifetime;
    this.renewals = renewals;
    this.problems = problems;
    orphans = Caffeine.newBuilder()
        .maximumSize(MOST_ORPHANS)
        .expireAfterWrite(settings.lease.plus(Duration.ofMinutes(1)))
        .executor(Runnable::run)
        .build();
  }

  /** A value that was loaded under a lease. */
  record Loaded<V>(
      String id, String token, long stamp, @Nullable V value) {}

  /** Returns the longest that a value can live. */
  static Duration longestLife(Duration timeToLive, double jitter) {
    return Duration.ofMillis((long) Math.ceil(timeToLive.toMillis() * (1 + jitter)));
  }

  Problems problems() {
    return problems;
  }

  LeaseRenewals renewals() {
    return renewals;
  }

  /** Returns what Redis has as a value; null if it cannot be decoded, which is told. */
  @Nullable
  Cached<V> decode(byte[] entry) {
    try {
      return Entries.decode(codec, entry);
    } catch (Exception | LinkageError | StackOverflowError broken) {
      problems.met(
          CacheProblem.UNDECODABLE,
          () -> "codec " + codec.getClass().getName() + ": " + CodecFailure.describe(broken),
          "see whether another version of this process, or another cache, uses the name " + cache
              + ": a format that changes needs a new name; each such value is loaded again");
      return null;
    }
  }

  /** Notes that a key held what is no entry, and was or will be replaced. */
  void foreign() {
    problems.met(
        CacheProblem.FOREIGN,
        () -> "a key tc:" + cache + ":… held something that this cache did not put there",
        "see who else writes keys of that prefix; they are replaced");
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

  /** As {@link #fill}, in one round trip unless they are large. */
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
        renewals.end(one.token());
        orphan(one.token());
      }
    }
    if (sent.isEmpty()) {
      return;
    }
    // The values are there: they are stored although their caller's time may be over.
    Deadline.suspended(() -> {
      send(sent, lives, calls);
      return true;
    });
  }

  private void send(List<Loaded<V>> all, List<Long> lives, List<ScriptCall> calls) {
    List<Integer> together = new ArrayList<>();
    int bytes = 0;
    for (int i = 0; i < calls.size(); i++) {
      int size = RemoteEntries.bytes(calls.get(i));
      if (size > LARGE_BYTES) {
        long asked = clock.nanoTime();
        filled(all.get(i), lives.get(i), remote.runLarge(calls.get(i)), asked);
        continue;
      }
      if (bytes + size > MOST_BYTES_TOGETHER) {
        sendTogether(together, all, lives, calls);
        together.clear();
        bytes = 0;
      }
      together.add(i);
      bytes += size;
    }
    sendTogether(together, all, lives, calls);
  }

  private void sendTogether(
      List<Integer> some, List<Loaded<V>> all, List<Long> lives, List<ScriptCall> calls) {
    if (some.isEmpty()) {
      return;
    }
    long asked = clock.nanoTime();
    List<ScriptReply> replies;
    try {
      replies = remote.runAll(some.stream().map(calls::get).toList());
    } catch (RuntimeException failure) {
      some.forEach(i -> filled(all.get(i), lives.get(i), new ScriptReply(null, failure), asked));
      return;
    }
    for (int i = 0; i < some.size(); i++) {
      filled(all.get(some.get(i)), lives.get(some.get(i)), replies.get(i), asked);
    }
  }

  private void filled(Loaded<V> one, long lifeMillis, ScriptReply reply, long asked) {
    LeaseRenewals.@Nullable Held lease = renewals.end(one.token());
    RuntimeException failure = reply.failure();
    boolean stored = failure == null && RemoteEntries.one(reply.value());
    listener.onFill(stored);
    if (stored) {
      install(one.id(), one.stamp(), one.value(), asked, lifeMillis);
    } else if (failure != null) {
      problems.failed(failure);
      if (isAnswer(failure)) {
        // It is full, for example: nobody should wait for the end of this lease.
        release(one.id(), one.token());
      } else {
        // Also of a fill that was never sent: the lease stands.
        orphan(one.token());
      }
    } else if (lease != null && lease.mayHaveEnded()) {
      Duration age = lease.age();
      problems.met(
          CacheProblem.LEASE_ENDED,
          () -> "a load took " + age.toMillis() + " ms, and its lease could be renewed for "
              + loadLifetime.toMillis() + " ms at most",
          "make the loader faster or raise loadLifetime; if it was shorter than that, see to"
              + " pauses of this process and to Redis");
    }
  }

  /** Notes a lease that may be left in Redis without a loader. */
  void orphan(String token) {
    orphans.put(token, true);
  }

  /** As {@link #orphan(String)}, of a lease whose request failed. */
  void orphan(String token, RuntimeException failure) {
    // What was refused has left nothing in Redis.
    if (!(failure instanceof RejectedException)
        && !(failure instanceof NoConnectionException)
        && !isAnswer(failure)) {
      orphan(token);
    }
  }

  private static boolean isAnswer(RuntimeException failure) {
    RedisFailure kind = RedisFailure.of(failure);
    return kind == RedisFailure.COMMAND || kind == RedisFailure.RIGHTS;
  }

  /**
   * Releases such a lease as soon as it is found, so that no reader waits for its end. Tells whether it has: if not, the
   * reader waits as for any other lease.
   */
  boolean releasedOrphan(String id, String token) {
    return orphans.asMap().remove(token) != null && release(id, token);
  }

  /** Releases a lease after a failed load. Returns false if Redis did not do it. Never throws. */
  boolean release(String id, String token) {
    renewals.end(token);
    try {
      Deadline.suspended(
          () -> Objects.requireNonNullElse(remote.run(remote.releaseCall(id, token)), false));
      return true;
    } catch (RuntimeException failure) {
      // An interrupted thread, for example: the reader that finds it here releases it.
      orphan(token);
      problems.failed(failure);
      log.debug("cache={} lease=left-to-expire", cache);
      return false;
    }
  }

  private byte @Nullable [] encoded(@Nullable V value) {
    byte[] entry;
    try {
      entry = Entries.value(codec, value);
    } catch (Exception | LinkageError | StackOverflowError broken) {
      problems.met(
          CacheProblem.UNENCODABLE,
          () -> "codec " + codec.getClass().getName() + ": " + CodecFailure.describe(broken),
          "use a codec that knows the type; such values are returned and not stored");
      return null;
    }
    if (entry.length - Entries.HEADER > largestValue) {
      problems.met(
          CacheProblem.TOO_LARGE,
          () -> "a value has " + (entry.length - Entries.HEADER)
              + " bytes, and the largest that is stored has " + largestValue,
          "cache less in one value, or raise largestValue; such values are returned and not stored");
      return null;
    }
    return value == null || codecTried || readsBack(value, entry) ? entry : null;
  }

  /** Tries the codec once with a real value: what it cannot read back would be loaded and stored for ever. */
  private boolean readsBack(V value, byte[] entry) {
    Cached<V> back = decode(entry);
    if (back == null) {
      return false;
    }
    codecTried = true;
    String difference;
    try {
      // Equal values may have other bytes: the order of a set, for example.
      difference =
          value.equals(back.value()) || Arrays.equals(entry, Entries.value(codec, back.value()))
              ? ""
              : "a value that is encoded and decoded encodes to other bytes than before";
    } catch (Exception | LinkageError | StackOverflowError broken) {
      difference = "a value that is encoded and decoded cannot be encoded again: "
          + CodecFailure.describe(broken);
    }
    if (!difference.isEmpty()) {
      String cause = "codec " + codec.getClass().getName() + ": " + difference;
      problems.met(
          CacheProblem.UNFAITHFUL,
          () -> cause,
          "compare a loaded value with its copy from the codec: what differs is lost or changed in"
              + " the cache; values are stored all the same");
    }
    return true;
  }

  private long lifeMillis() {
    double spread = jitter * (2 * ThreadLocalRandom.current().nextDouble() - 1);
    return Math.max(1, Math.round(timeToLiveMillis * (1 + spread)));
  }
}
