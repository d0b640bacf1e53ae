package io.github.scalingtoolkit.cache;

import io.github.scalingtoolkit.core.internal.Once;
import io.github.scalingtoolkit.core.redis.ChannelSubscription;
import io.github.scalingtoolkit.core.redis.Recovery;
import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.core.time.Clock;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps what a loader returned, and never serves it once a write that makes it old is complete.
 *
 * <pre>{@code
 * CacheAside<UserId, List<Todo>> todos = CacheAside.builder(redis, "todos", Codec.json(new TypeReference<List<Todo>>() {}))
 *     .keys(UserId::value)
 *     .timeToLive(Duration.ofMinutes(5))
 *     .local(10_000, Duration.ofSeconds(30))
 *     .build();
 *
 * List<Todo> list = todos.get(user, repository::findByUser);
 * todos.write(user, () -> repository.save(todo));
 * }</pre>
 *
 * <h2>How it works</h2>
 *
 * <p><b>Each entry is one Redis key, in one of three states.</b> {@code V} is a value. {@code L} is a lease: one reader is loading, and
 * may store only while its token is there. {@code T} is a tombstone: writes are in progress, each with a record
 * that has its own deadline. No key is a miss.
 *
 * <pre>
 *   nothing   -- lease.lua --------> L              a miss
 *   L         -- renew.lua --------> L              while its loader runs, if it is still the caller's
 *   L         -- fill.lua ---------> V              if the lease is still the caller's
 *   anything  -- write-begin.lua --> T              each writer adds its record
 *   T         -- write-end.lua ----> T or nothing   each drops its own, the last one clears the key
 *   L, V      -- evict.lua --------> nothing        as do expiry and eviction; evict leaves T
 * </pre>
 *
 * <p><b>Invariants.</b> (1) A {@code V} is stored only over the {@code L} under which it was loaded; whatever
 * invalidates removes {@code L}, so a value read before is not stored after. (2) From before a write until after it
 * the key holds a {@code T}, so readers go to the database and store nothing; evict leaves it there. (3) A record ends at
 * its own deadline by Redis' clock, so a writer that crashed holds the key for {@code writeLifetime} and no longer,
 * however busy the key is. (4) A reader waits for a load of its own process only after it has seen that load's lease
 * in Redis since it began to read: so no write was completed in between. Loads past the cache are shared only
 * by callers that arrived before the load began. (5) A value enters this process' memory only if nothing was invalidated since
 * before Redis was asked; memory is emptied and unused while invalidations may be missed. (6) Every try to take a
 * lease has its own token, so a command that was thought lost and runs late does not revive a lease; a renewal only
 * prolongs a lease that is still there.
 *
 * <p><b>The known races</b>, and what prevents them. R1, a load stored over a newer write: (1) and (2). R2, memory
 * filled again with a value that Redis was losing: (5). R3, a writer that crashes between commit and invalidation:
 * (2) and (3). R4, two writers that store in the wrong order: there is no put; writers only remove. R5, a lost
 * message: (5), and the cap on memory's time to live; a half-open connection is noticed after two heartbeats (2 s).
 * R6, skewed clocks: deadlines are Redis' own, durations monotonic. R7, a loader that reads a lagging replica: not
 * covered; loaders must read what writers commit to.
 *
 * <p><b>Redis out of reach.</b> A get loads and stores nothing. A write is noted in a journal, and its key bypassed
 * by this process until the invalidation has been replayed: by the breaker's recovery, before any call passes again, or by a loop
 * of this cache when the breaker never opened. Other processes that still reach Redis may serve the old value
 * until its time to live ends, and for that long also if this process dies first; {@link OnUnreachable#REFUSE} makes
 * such a write fail instead. A full journal bypasses all keys for one time to live.
 *
 * <p><b>Assumptions.</b> A write takes no longer than {@code writeLifetime}, from {@link #begin} to the commit.
 * Redis does not forget what it has acknowledged <em>and at the same time</em> keep older values: a fail-over to a
 * replica that lags, or a restart from a file that lacks the last second, may bring back a value from before a
 * write, for at most its time to live; FLUSHALL and a restart with nothing are safe. A tombstone that is flushed, or
 * evicted because memory is full, while its writer crashes is such a loss too. (Eviction alone is harmless: the writer's end
 * removes whatever was stored meanwhile.) Tombstones have a time to live, so every {@code maxmemory-policy} but
 * {@code noeviction} may take them, {@code volatile-ttl} first of all: such a Redis is reported once by a warning, and checked again
 * after each recovery; watch {@code evicted_keys}.
 *
 * <p>Sources: leases are of "Scaling Memcache at Facebook" (NSDI 2013); tombstone records and their deadlines were
 * found with an exhaustive check of interleavings, which runs among this module's tests.
 *
 * <h2>Use</h2>
 *
 * <p>Values must be immutable, or must not be changed: callers share them. Keep one cache per entity for the life of the
 * process, and use the same name and codec in every process. Safe for use by several threads; loaders run on
 * the caller's thread.
 */
public final class CacheAside<K, V> implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(CacheAside.class);

  private final String name;
  private final RedisAccess redis;
  private final Function<? super K, String> ids;
  private final Stores<V> stores;
  private final @Nullable LocalEntries<V> local;
  private final Journal journal;
  private final Invalidations invalidations;
  private final Reader<K, V> reader;
  private final BatchReader<K, V> batchReader;
  private final CacheListener listener;
  private final Class<? extends Throwable>[] notApplied;
  private final ReplayLoop replayLoop;
  private final LeaseRenewals renewals;
  private final Recovery recovery;
  private final @Nullable ChannelSubscription subscription;
  private final Once lost = new Once();

  CacheAside(CacheAsideBuilder<K, V> settings) {
    name = settings.name;
    ids = settings.ids;
    listener = new QuietListener(name, settings.listener);
    redis = settings.redis;
    notApplied = settings.notApplied.clone();
    Keys keys = new Keys(name);
    RemoteEntries remote = new RemoteEntries(redis, keys, settings.lease, settings.writeLifetime);
    local = settings.localEntries == 0
        ? null
        : new LocalEntries<>(settings.localEntries, settings.localCap, settings.clock);
    Duration quarantine = Stores.longestLife(settings.timeToLive, settings.jitter)
        .plus(settings.loadLifetime)
        .plus(settings.lease)
        .plus(settings.writeLifetime);
    Problems problems = new Problems(name, redis, listener, settings.clock, this::wakeReplay);
    journal = new Journal(
        name,
        settings.journalKeys,
        quarantine.toNanos(),
        redis.isCluster() ? 3 : 0,
        settings.clock,
        redis::explain,
        this::owed,
        this::flushLocal);
    invalidations =
        new Invalidations(name, remote, local, journal, settings.onUnreachable, listener, problems);
    renewals = new LeaseRenewals(
        redis, remote, settings.lease, settings.loadLifetime, settings.clock, problems);
    stores = new Stores<>(settings, remote, local, journal, renewals, listener, problems);
    // Who waits for a lease waits at least until its holder, if it died, has lost it.
    Duration patience = settings.lease.compareTo(settings.loadLifetime) > 0
        ? settings.lease
        : settings.loadLifetime;
    reader = new Reader<>(stores, settings.lease, patience, listener, settings.clock);
    batchReader = new BatchReader<>(stores, listener, settings.clock);
    replayLoop = new ReplayLoop(
        name, () -> journal.size() == 0, () -> invalidations.replay(remote::run), problems::settle);
    recovery = client -> invalidations.replay(
        call -> RedisAccess.evalRaw(client, call.script(), call.keys(), call.args()));
    redis.onRecovery(recovery);
    redis.warnOfEviction(
        "cache=" + name,
        "a value may be served after a write, if the write's tombstone is evicted and its writer crashes",
        policy -> !policy.equals("noeviction"));
    subscription = local == null ? null : redis.subscribe(keys.channel(), local);
    if (local != null && subscription != null) {
      ChannelSubscription heard = subscription;
      Clock accessClock = redis.clock();
      local.trust(
          accessClock == settings.clock
              ? heard::liveAt
              : nanoTime -> heard.liveAt(accessClock.nanoTime()));
    }
  }

  /**
   * Starts to build a cache whose keys are strings; {@link CacheAsideBuilder#keys} changes that.
   *
   * @param redis where the entries are; you close it, after the cache
   * @param name names the entries, {@code tc:<name>:<key>}, and the channel: 1 to 64 letters, digits, dots, dashes or
   *     underscores. Two caches with the same name share their entries
   * @param codec how values become bytes
   */
  public static <V> CacheAsideBuilder<String, V> builder(
      RedisAccess redis, String name, Codec<V> codec) {
    return new CacheAsideBuilder<>(redis, name, codec, Function.identity());
  }

  /** Returns the cache's name. */
  public String name() {
    return name;
  }

  /**
   * Returns the value from memory, from Redis or from the loader, in this order.
   *
   * <p>A hit in memory takes no round trip, one in Redis takes one, a miss at most three. While one caller loads, others
   * wait for it, in this process and in others, for up to {@code loadLifetime} or their own
   * {@link io.github.scalingtoolkit.core.time.Deadline}; then they load too. An unreachable Redis adds
   * its deadline to the first few calls, and almost nothing to later ones.
   *
   * @param loader reads what writers commit to; null is a value too, and is kept as such
   * @return null if the loader returned null
   * @throws RuntimeException only what the loader throws, to all callers that waited for it, unwrapped; nothing is stored then
   */
  public @Nullable V get(K key, Function<? super K, ? extends @Nullable V> loader) {
    return lookup(key, loader).value();
  }

  /** As {@link #get}, and tells where the value came from. */
  public Cached<V> lookup(K key, Function<? super K, ? extends @Nullable V> loader) {
    String id = id(key);
    Cached<V> cached = stores.peek(id);
    if (cached == null) {
      cached = reader.get(id, key, loader);
    }
    listener.onGet(cached.outcome());
    return cached;
  }

  /**
   * Returns the value if this process' memory has it and would serve it, else null. Never blocks, makes no call and
   * allocates nothing: for threads that must not wait.
   */
  public @Nullable Cached<V> peekLocal(K key) {
    Cached<V> cached = stores.peek(ids.apply(key));
    if (cached != null) {
      listener.onGet(Outcome.L1_HIT);
    }
    return cached;
  }

  /**
   * Returns the values of several keys with one MGET and, if any are missing, one call of the loader and two pipelines.
   *
   * <p>It does not wait for the loads of others: keys that others are loading or writing it loads as well, without storing. Values from
   * Redis do not enter this process' memory, since MGET does not tell how long they have left.
   *
   * @param loader returns the values of the keys it is given; those it leaves out are kept as null
   * @return the values by key, in the order of {@code keys}, without those that are null
   * @throws RuntimeException only what the loader throws, unwrapped
   */
  public Map<K, V> getAll(
      Collection<? extends K> keys,
      Function<? super Set<K>, ? extends Map<K, ? extends V>> loader) {
    Map<String, K> byId = new LinkedHashMap<>();
    for (K key : keys) {
      byId.putIfAbsent(id(key), key);
    }
    return batchReader.get(byId, loader);
  }

  /**
   * Writes to the database so that no reader sees an older value once this has returned. Two round trips, one before and
   * one after.
   *
   * <p>If the action throws, its commit may still arrive: the key is bypassed until the write
   * lifetime has passed, unless the exception is one that {@link CacheAsideBuilder#notApplied} names.
   *
   * @param action writes and commits, the whole transaction; within the write lifetime
   * @return what the action returned
   * @throws X what the action throws, unwrapped
   * @throws CacheUnreachableException with {@link OnUnreachable#REFUSE}, if Redis cannot be told; the action did not run
   */
  public <R extends @Nullable Object, X extends Exception> R write(K key, WriteAction<R, X> action)
      throws X {
    try (WriteBracket write = begin(key)) {
      try {
        R result = action.run();
        write.end();
        return result;
      } catch (Throwable failure) {
        for (Class<? extends Throwable> proof : notApplied) {
          if (proof.isInstance(failure)) {
            write.notApplied();
          }
        }
        throw failure;
      }
    }
  }

  /** As {@link #write(Object, WriteAction)}, for an action without a result. */
  public void write(K key, Runnable action) {
    this.<Boolean, RuntimeException>write(key, () -> {
      action.run();
      return true;
    });
  }

  /**
   * Begins a write that you end explicitly: with another script in the same round trip, or on another thread. One round
   * trip.
   *
   * @throws CacheUnreachableException with {@link OnUnreachable#REFUSE}, if Redis cannot be told
   */
  public WriteBracket begin(K key) {
    return invalidations.writeBegin(id(key));
  }

  /**
   * Removes the value: for writes made by others. A load in progress does not store the value it read. One round trip.
   * For your own writes use {@link #write}: a crash between a commit and this would leave the old value.
   *
   * @throws CacheUnreachableException with {@link OnUnreachable#REFUSE}, if Redis cannot be reached; the evict is noted for replay all the
   *     same
   */
  public void evict(K key) {
    invalidations.evicted(id(key));
  }

  /** Tells whether memory is in use: it is configured, and no invalidation can be missed right now. */
  public boolean localLive() {
    return local != null && local.live();
  }

  /** Returns about how many values are in memory. */
  public long localSize() {
    return local == null ? 0 : local.size();
  }

  /** Returns how many keys this process bypasses because their invalidations could not reach Redis. */
  public int journalSize() {
    return journal.size();
  }

  /**
   * Tries once more to replay the journal, and stops listening for invalidations, and with it the use of
   * memory. What is in Redis stays. A closed cache still reads and writes in Redis, but replays nothing and renews no
   * lease; invalidations that it still owes are one WARN.
   */
  @Override
  public void close() {
    replayLoop.doWork();
    if (subscription != null) {
      subscription.close();
    }
    replayLoop.close();
    renewals.close();
    redis.removeRecovery(recovery);
    if (journal.size() > 0) {
      tellOfLoss();
    }
  }

  private String id(K key) {
    return Keys.checked(ids.apply(key));
  }

  private void wakeReplay() {
    replayLoop.wake();
  }

  private void owed() {
    if (replayLoop.isClosed()) {
      tellOfLoss();
    } else {
      replayLoop.wake();
    }
  }

  private void tellOfLoss() {
    lost.tell(() -> log.warn(
        "cache={} state=closed journal={} cause=\"invalidations could not reach Redis before it was"
            + " closed\" action=\"other processes may serve old values until their time to live ends:"
            + " evict the keys once Redis is back\"",
        name,
        journal.size()));
  }

  private void flushLocal() {
    if (local != null) {
      local.flush();
    }
  }
}
