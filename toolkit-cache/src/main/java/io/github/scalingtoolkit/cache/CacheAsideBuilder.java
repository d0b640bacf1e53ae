package io.github.scalingtoolkit.cache;

import io.github.scalingtoolkit.core.internal.Check;
import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.core.time.Clock;
import java.time.Duration;
import java.util.Objects;
import java.util.function.Function;

/** Collects what a {@link CacheAside} is built from. Not safe for use by several threads. */
public final class CacheAsideBuilder<K, V> {
  private static final Duration SHORTEST = Duration.ofMillis(1);
  private static final Duration LONGEST = Duration.ofDays(3650);

  /** What Redis takes as one string by default. */
  private static final int LARGEST = 512 * 1024 * 1024;

  final RedisAccess redis;
  final String name;
  final Codec<V> codec;
  Function<? super K, String> ids;
  Duration timeToLive = Duration.ZERO;
  double jitter = 0.1;
  Duration writeLifetime = Duration.ofSeconds(10);
  Duration lease = Duration.ofSeconds(2);
  Duration loadLifetime = Duration.ofSeconds(10);
  int largestValue = 1024 * 1024;
  int localEntries;
  Duration localCap = Duration.ZERO;
  int journalKeys = 10_000;
  OnUnreachable onUnreachable = OnUnreachable.BYPASS;
  Class<? extends Throwable>[] notApplied = none();
  CacheListener listener = new CacheListener() {};
  Clock clock = Clock.system();

  CacheAsideBuilder(
      RedisAccess redis, String name, Codec<V> codec, Function<? super K, String> ids) {
    this.redis = Objects.requireNonNull(redis);
    this.name = Check.name("name", name);
    this.codec = Objects.requireNonNull(codec);
    this.ids = Objects.requireNonNull(ids);
  }

  /**
   * Says how a key becomes text: two keys that differ must have texts that differ. Returning a field of the key keeps
   * hits in memory free of allocation. Returns this builder, for keys of that type.
   */
  @SuppressWarnings("unchecked") // The keys' type shows in their texts alone, which are set here.
  public <L> CacheAsideBuilder<L, V> keys(Function<? super L, String> ids) {
    CacheAsideBuilder<L, V> typed = (CacheAsideBuilder<L, V>) (CacheAsideBuilder<?, V>) this;
    typed.ids = Objects.requireNonNull(ids);
    return typed;
  }

  /** Bounds a value's life in Redis, give or take the jitter: 1 ms to 10 years. Required. */
  public CacheAsideBuilder<K, V> timeToLive(Duration timeToLive) {
    this.timeToLive = Check.between("timeToLive", timeToLive, SHORTEST, LONGEST);
    return this;
  }

  /** Spreads expiry times by up to this share in both directions, 0 to 0.5. Default: 0.1. */
  public CacheAsideBuilder<K, V> jitter(double share) {
    if (!(share >= 0 && share <= 0.5)) {
      throw new IllegalArgumentException("jitter must be 0 to 0.5 but was " + share);
    }
    this.jitter = share;
    return this;
  }

  /**
   * Keeps values in this process' memory as well. Default: off. Every process that invalidates tells all others, which
   * takes as long as a message; see {@link CacheAside} for the guarantees.
   *
   * @param maxEntries most values at a time, at least 1
   * @param cap longest life there, whatever is left in Redis; more than zero
   */
  public CacheAsideBuilder<K, V> local(int maxEntries, Duration cap) {
    if (maxEntries < 1) {
      throw new IllegalArgumentException("maxEntries must be >= 1 but was " + maxEntries);
    }
    this.localEntries = maxEntries;
    this.localCap = Check.between("cap", cap, SHORTEST, LONGEST);
    return this;
  }

  /**
   * Bounds how long readers bypass a key whose writer never said how its write ended: longer than the slowest write
   * takes, since one that commits later than this may leave an old value. Default: 10 s.
   */
  public CacheAsideBuilder<K, V> writeLifetime(Duration lifetime) {
    this.writeLifetime = Check.between("writeLifetime", lifetime, SHORTEST, LONGEST);
    return this;
  }

  /**
   * Bounds how long a process that crashes, stands still or is cut off in a load keeps others waiting for it. While it
   * is well it renews its lease three times in this time, so a load may take longer: see {@link #loadLifetime}.
   * Default: 2 s.
   */
  public CacheAsideBuilder<K, V> lease(Duration lease) {
    this.lease = Check.between("lease", lease, SHORTEST, LONGEST);
    return this;
  }

  /**
   * Bounds how long one load may take: for so long its lease is renewed, and others wait for it (for {@code lease}, if
   * that is longer); later they load too, and its value is returned and not stored. Readers whose {@link io.github.scalingtoolkit.core.time.Deadline} ends before
   * that wait until then. Default: 10 s.
   */
  public CacheAsideBuilder<K, V> loadLifetime(Duration lifetime) {
    this.loadLifetime = Check.between("loadLifetime", lifetime, SHORTEST, LONGEST);
    return this;
  }

  /**
   * Bounds what is stored: a value that the codec makes larger than this is returned and not stored, which is
   * {@link CacheProblem#TOO_LARGE}. 1 to 512 MiB. Default: 1 MiB.
   *
   * @param bytes how many the codec may make of one value
   */
  public CacheAsideBuilder<K, V> largestValue(int bytes) {
    if (bytes < 1 || bytes > LARGEST) {
      throw new IllegalArgumentException(
          "largestValue must be 1 to " + LARGEST + " bytes but was " + bytes);
    }
    this.largestValue = bytes;
    return this;
  }

  /** Sets what a write or an evict does when it cannot reach Redis. Default: {@link OnUnreachable#BYPASS}. */
  public CacheAsideBuilder<K, V> onUnreachable(OnUnreachable policy) {
    this.onUnreachable = Objects.requireNonNull(policy);
    return this;
  }

  /** Bounds how many keys the journal of unreachable invalidations holds, at least 1. Default: 10,000. */
  public CacheAsideBuilder<K, V> journal(int maxKeys) {
    if (maxKeys < 1) {
      throw new IllegalArgumentException("journal must be >= 1 but was " + maxKeys);
    }
    this.journalKeys = maxKeys;
    return this;
  }

  /**
   * Names exceptions of a write's action that prove that nothing was written (validation, a duplicate key), so that the
   * key is released at once. Default: none.
   */
  @SafeVarargs
  public final CacheAsideBuilder<K, V> notApplied(Class<? extends Throwable>... proofs) {
    this.notApplied = proofs.clone();
    return this;
  }

  /** Reports what the cache does to {@code listener}. Default: none. */
  public CacheAsideBuilder<K, V> listener(CacheListener listener) {
    this.listener = Objects.requireNonNull(listener);
    return this;
  }

  /** Takes time from {@code clock}. Default: {@link Clock#system()}. */
  public CacheAsideBuilder<K, V> clock(Clock clock) {
    this.clock = Objects.requireNonNull(clock);
    return this;
  }

  /**
   * Builds the cache. Does not need Redis to be up.
   *
   * @throws IllegalArgumentException if there is no time to live, or memory is asked for and the {@link RedisAccess}
   *     wraps a single client
   */
  public CacheAside<K, V> build() {
    Check.between("timeToLive", timeToLive, SHORTEST, LONGEST);
    if (localEntries > 0 && !redis.hasBlocking()) {
      throw new IllegalArgumentException("cache " + name
          + " asks for local entries, whose invalidations need a connection of their own, but"
          + " its RedisAccess wraps one client: use RedisAccess.wrap(commands, blocking) with a"
          + " second client, or RedisAccess.open(url), or leave local(..) out");
    }
    return new CacheAside<>(this);
  }

  @SuppressWarnings("unchecked") // An empty array holds nothing of another type.
  private static Class<? extends Throwable>[] none() {
    return (Class<? extends Throwable>[]) new Class<?>[0];
  }
}
