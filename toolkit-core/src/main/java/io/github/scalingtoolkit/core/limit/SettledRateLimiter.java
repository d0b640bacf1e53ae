package io.github.scalingtoolkit.core.limit;

import static io.github.scalingtoolkit.core.limit.LimitKeys.bytes;

import io.github.scalingtoolkit.core.internal.Check;
import io.github.scalingtoolkit.core.lifecycle.Loop;
import io.github.scalingtoolkit.core.limit.LocalCounts.Mark;
import io.github.scalingtoolkit.core.redis.LuaScript;
import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.core.redis.ScriptCall;
import io.github.scalingtoolkit.core.redis.ScriptReply;
import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.core.time.Deadline;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Limits across processes without ever making a caller wait: it decides from local counts, and settles with the others in the
 * background. For threads that must not block, and for limits that protect a service rather than bill its use.
 *
 * <p><b>Protocol.</b> Each process counts by itself ({@link LocalRateLimiter}) and notes admitted calls. Every
 * {@value #INTERVAL_MILLIS} ms, or at once when a key has used a 20th of its permits, one round trip charges all of it in
 * Redis ({@code charge.lua}), whose answer says how much all processes have used of each key; from then on that much counts as used
 * here as well. For a key that it denies, a process asks once a second.
 *
 * <p><b>Returning permits.</b> {@link #giveBack} and {@link #reset} count here at once, and in other processes once both have
 * settled: within a second or so. A reset that cannot be settled is tried until it can.
 *
 * <p><b>Bound.</b> Between two settlements a process does not know what the others admit: each may admit as many
 * calls too many as arrive in that time, a burst at most. They are compensated: the key's permits come back
 * later by as many, again by a burst at most. So over a long time all processes together keep the rate, and they
 * exceed it for a moment only by calls sent to several of them at once. If no excess call is acceptable, use {@link
 * RedisRateLimiter}.
 *
 * <p><b>Connections.</b> It opens its own to the same Redis, with a deadline of a second and a breaker of their own, since
 * nobody waits for a settlement: see {@link RedisAccess#sibling}.
 *
 * <p><b>Failure.</b> Counts that cannot be settled are dropped: while Redis is unavailable each process counts for itself, up to the
 * whole limit, and its decisions say {@link Decision#degraded()}; one warning says why, and what to do.
 *
 * <p>Never blocks, except in {@link #await}. Safe for use by several threads. At most {@value #MOST_KEYS} keys wait to be settled; beyond them
 * calls count here alone. Has a thread and connections: close it.
 */
public final class SettledRateLimiter implements RateLimiter, AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(SettledRateLimiter.class);
  private static final LuaScript CHARGE =
      LuaScript.fromResource(SettledRateLimiter.class, "/META-INF/toolkit/core/lua/charge.lua");
  private static final int INTERVAL_MILLIS = 50;
  private static final Duration INTERVAL = Duration.ofMillis(INTERVAL_MILLIS);

  /** Nobody waits for a settlement, and one that is late is better than none: busy processors must not end it. */
  private static final Duration DEADLINE = Duration.ofSeconds(1);

  /** For a settlement that a test asks for. */
  private static final Duration PATIENT = Duration.ofMinutes(1);

  private static final int MOST_KEYS = 100_000;
  private static final int MOST_A_TRIP = 500;

  private static final long ASK_AGAIN_NANOS = Duration.ofSeconds(1).toNanos();

  private final RedisAccess redis;
  private final Duration deadline;
  private final String name;
  private final Policies policies;
  private final LimitKeys redisKeys;
  private final String policy;
  private final @Nullable Rate fixed;
  private final LocalCounts here;
  private final Degradation degradation;
  private final WaitingLines lines = new WaitingLines();
  private final ConcurrentHashMap<String, Owing> owed = new ConcurrentHashMap<>();
  private final Loop loop;
  private final Clock clock;
  private volatile boolean degraded;
  private volatile boolean idle;
  private volatile boolean closing;

  private final LongAdder allowed = new LongAdder();
  private final LongAdder denied = new LongAdder();
  private final LongAdder degradedAllowed = new LongAdder();
  private final LongAdder degradedDenied = new LongAdder();
  private final LongAdder calls = new LongAdder();

  /**
   * The pending settlement of a key.
   *
   * @param permits permits taken, less those returned
   * @param reset whether earlier use must be forgotten
   */
  private record Due(int permits, boolean reset, Rate rate, Terms terms) {
    Due and(Due later) {
      return new Due(permits + later.permits, reset || later.reset, later.rate, later.terms);
    }
  }

  /** What a key owes. Callers add to it without a lock until a settlement, or another rate of the key, takes it away. */
  private static final class Owing {
    private static final long TAKEN = Long.MIN_VALUE;

    private final AtomicLong permits;
    private final boolean reset;
    private final Rate rate;
    private final Terms terms;

    Owing(Due due) {
      permits = new AtomicLong(due.permits());
      reset = due.reset();
      rate = due.rate();
      terms = due.terms();
    }

    /** Returns what is owed then, or {@link #TAKEN} if nothing can be added any more. */
    long add(int more) {
      while (true) {
        long before = permits.get();
        if (before == TAKEN) {
          return TAKEN;
        }
        long after = before + more;
        if (permits.compareAndSet(before, after)) {
          return after;
        }
      }
    }

    /** To be called once. */
    Due take() {
      return new Due((int) permits.getAndSet(TAKEN), reset, rate, terms);
    }
  }

  private SettledRateLimiter(Builder builder, RedisAccess redis, Duration deadline) {
    this.deadline = deadline;
    this.redis = redis;
    name = builder.name;
    policies = builder.policies.copy();
    clock = builder.clock;
    policy = policies.names().get(0);
    redisKeys = new LimitKeys(builder.keyPrefix, name);
    fixed = builder.fixed == null ? null : Rate.of(builder.fixed);
    here = new LocalCounts(clock, 2, LocalCounts.MOST_KEYS);
    degradation = new Degradation(
        name,
        "each process by itself, up to the whole limit",
        redis,
        redisKeys.aclPattern() + " " + LimitScripts.ACL_COMMANDS,
        clock);
    loop = new Loop("limiter-" + name, this::step);
  }

  /**
   * Starts a limiter with the defaults.
   *
   * @param redis where processes settle
   * @param name the common name for all that share the permits: 1 to 32 lower-case letters, digits or dashes
   * @param limit at most one permit a microsecond
   * @throws IllegalArgumentException if a value is out of bounds
   */
  public static SettledRateLimiter start(RedisAccess redis, String name, RateLimit limit) {
    return builder(redis, name).policy(limit).start();
  }

  /** Starts to build a limiter with a key prefix, or with a limit for each key; see {@link #start}. */
  public static Builder builder(RedisAccess redis, String name) {
    return new Builder(redis, name);
  }

  @Override
  public Decision tryAcquire(String key, int cost) {
    Terms terms = policies.of(key);
    terms.check("cost", cost);
    Rate rate = rateOf(terms);
    String bounded = LimitKeys.bounded(key);
    Decision decision = here.tryAcquire(bounded, cost, rate);
    if (decision.allowed()) {
      owe(bounded, cost, rate, terms);
    } else if (here.askAgain(bounded, ASK_AGAIN_NANOS)) {
      owe(bounded, 0, rate, terms);
    }
    boolean alone = degraded;
    count(decision.allowed(), alone);
    return alone ? decision.asDegraded() : decision;
  }

  /** {@inheritDoc} The only method that blocks: never call it on a thread that must not. */
  @Override
  public Decision await(String key, int cost, Duration wait) throws InterruptedException {
    return lines.await(LimitKeys.bounded(key), wait, () -> tryAcquire(key, cost));
  }

  /** {@inheritDoc} As far as this process knows: no I/O. */
  @Override
  public Decision peek(String key) {
    Decision decision = here.peek(LimitKeys.bounded(key), rateOf(policies.of(key)));
    return degraded ? decision.asDegraded() : decision;
  }

  /** {@inheritDoc} Counts at once here, and in other processes within a second or so. */
  @Override
  public void giveBack(String key, int permits) {
    Terms terms = policies.of(key);
    terms.check("permits", permits);
    Rate rate = rateOf(terms);
    String bounded = LimitKeys.bounded(key);
    // Noted first, as in a reset: a question sent between the two must contain it.
    owe(bounded, -permits, rate, terms);
    here.giveBack(bounded, permits, rate);
  }

  /**
   * {@inheritDoc} Counts at once here, and in other processes within a second or so; while Redis is out, once it is back.
   * Beyond
   * 100,000 keys in this process a key shares its count with others: then only other processes forget it.
   */
  @Override
  public void reset(String key) {
    Terms terms = policies.of(key);
    String bounded = LimitKeys.bounded(key);
    owed.put(bounded, new Owing(new Due(0, true, rateOf(terms), terms)));
    here.reset(bounded);
    loop.wake();
  }

  /** Returns the name. */
  public String name() {
    return name;
  }

  /**
   * Tells whether this process counts for itself: from a failed settlement until settlements have succeeded for five
   * seconds, or none has failed for a minute.
   */
  public boolean degraded() {
    return degradation.isOn();
  }

  /** Returns the counts of its decisions so far, and of the round trips that settled them. */
  public LimiterCounts counts() {
    return new LimiterCounts(
        0,
        0,
        allowed.sum(),
        denied.sum(),
        degradedAllowed.sum(),
        degradedDenied.sum(),
        calls.sum());
  }

  /** Settles a last time, unless Redis did not answer the time before, and ends thread and connections: within two seconds. */
  @Override
  public void close() {
    closing = true;
    loop.wake();
    boolean interrupted = false;
    boolean ended = false;
    while (!ended) {
      try {
        ended = loop.awaitEnd(Duration.ofDays(1));
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    redis.close();
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Settles pending counts, up to {@value #MOST_A_TRIP} keys; tells whether there may be more. */
  boolean settle() {
    List<String> keys = new ArrayList<>();
    List<Due> dues = new ArrayList<>();
    List<Mark> marks = new ArrayList<>();
    for (String key : owed.keySet()) {
      Mark mark = here.mark(key);
      Owing owing = owed.remove(key);
      if (owing != null) {
        marks.add(mark);
        keys.add(key);
        dues.add(owing.take());
      }
      if (keys.size() == MOST_A_TRIP) {
        break;
      }
    }
    if (keys.isEmpty()) {
      return false;
    }
    RuntimeException failure = null;
    try {
      failure = settle(keys, dues, marks);
    } catch (RuntimeException out) {
      failure = out;
      for (int i = 0; i < keys.size(); i++) {
        keepReset(keys.get(i), dues.get(i));
      }
    }
    degraded = failure != null;
    if (failure == null) {
      degradation.worked();
    } else {
      degradation.failed(failure);
    }
    return keys.size() == MOST_A_TRIP;
  }

  /** Settles these; returns why one of them was refused, or null. */
  private @Nullable RuntimeException settle(List<String> keys, List<Due> dues, List<Mark> marks) {
    List<ScriptCall> charges = new ArrayList<>(keys.size());
    for (int i = 0; i < keys.size(); i++) {
      charges.add(charge(keys.get(i), dues.get(i)));
    }
    calls.increment();
    long sent = clock.nanoTime();
    // One for all: on a cluster each script is a call of its own, and a node that hangs costs no
    // more than one of them.
    List<ScriptReply> replies =
        Deadline.after(deadline, Clock.system()).call(() -> redis.evalAll(charges));
    long took = clock.nanoTime() - sent;
    RuntimeException refused = null;
    for (int i = 0; i < keys.size(); i++) {
      Due due = dues.get(i);
      if (replies.get(i).failure() != null) {
        refused = replies.get(i).failure();
        keepReset(keys.get(i), due);
      } else if (replies.get(i).value() instanceof Long aheadMicros) {
        here.heard(
            keys.get(i),
            aheadMicros * 1000,
            due.rate().permitNanos() * due.permits(),
            took,
            marks.get(i),
            due.reset(),
            due.rate());
      }
    }
    return refused;
  }

  /** A use that is not settled is forgotten; a reset is not. */
  private void keepReset(String key, Due due) {
    if (due.reset()) {
      enter(key, new Due(0, true, due.rate(), due.terms()));
    }
  }

  private ScriptCall charge(String key, Due due) {
    List<byte[]> arguments = new ArrayList<>(4);
    arguments.add(bytes(Integer.toString(due.permits())));
    arguments.addAll(due.terms().arguments());
    arguments.add(bytes(due.reset() ? "1" : "0"));
    return new ScriptCall(CHARGE, List.of(redisKeys.of(key, policy)), arguments);
  }

  private Rate rateOf(Terms terms) {
    return fixed != null ? fixed : Rate.of(terms.limit(0));
  }

  private void owe(String key, int permits, Rate rate, Terms terms) {
    Owing owing = owed.get(key);
    long all = owing != null && owing.terms == terms ? owing.add(permits) : Owing.TAKEN;
    if (all == Owing.TAKEN) {
      if (owing == null && owed.mappingCount() >= MOST_KEYS) {
        return;
      }
      all = enter(key, new Due(permits, false, rate, terms));
    }
    int urgent = Math.max(1, rate.limit().permits() / 20);
    if (idle || (all >= urgent && all - permits < urgent)) {
      loop.wake();
    }
  }

  /** Adds to what a key owes, under other terms than before or for the first time; returns what it owes then. */
  private long enter(String key, Due due) {
    return owed.compute(
            key,
            (same, before) -> new Owing(before == null ? due : before.take().and(due)))
        .permits
        .get();
  }

  private void count(boolean admitted, boolean alone) {
    if (alone) {
      (admitted ? degradedAllowed : degradedDenied).increment();
    } else {
      (admitted ? allowed : denied).increment();
    }
  }

  private Duration step() {
    boolean last = closing;
    if (idle && !last) {
      // Woken by the first that owes: those that come within the interval share the round trip.
      idle = false;
      return INTERVAL;
    }
    try {
      if (!last) {
        settleAll();
      } else if (!degraded) {
        // One for all trips: the longest queue of keys must not hold up who closes.
        Deadline.after(deadline, Clock.system()).run(this::settleAll);
      }
    } finally {
      if (last) {
        loop.close();
      }
    }
    idle = true;
    if (owed.isEmpty()) {
      return Loop.UNTIL_WOKEN;
    }
    idle = false;
    return INTERVAL;
  }

  private void settleAll() {
    try {
      boolean more = settle();
      while (more && !degraded) {
        more = settle();
      }
    } catch (Throwable unexpected) {
      degraded = true;
      throw unexpected;
    }
  }

  /** Collects what a {@link SettledRateLimiter} is built from. Not safe for use by several threads. */
  public static final class Builder {
    private final RedisAccess redis;
    private final String name;
    private Policies policies;
    private @Nullable RateLimit fixed;
    private String keyPrefix = "";
    private Clock clock = Clock.system();

    private Builder(RedisAccess redis, String name) {
      LimitKeys.checkName(name);
      this.redis = redis;
      this.name = name;
      policies = new Policies(name);
    }

    /** Sets the limit of all keys: at most one permit a microsecond. Needed, or a limit for each key. */
    public Builder policy(RateLimit limit) {
      policies = new Policies(name);
      policies.add(limit);
      fixed = limit;
      return this;
    }

    /**
     * Sets a limit per key: for plans. Decisions and headers name the limit of the key; when that changes, used permits
     * still count.
     *
     * @param policy the name of the permits in Redis, whatever the limit is called: 1 to 32 lower-case letters, digits or
     *     dashes
     * @param limitOf is called at each call, by several threads, so it must not block; its exceptions pass to the caller
     */
    public Builder policy(String policy, Function<String, RateLimit> limitOf) {
      policies = new Policies(name);
      policies.add(policy, Objects.requireNonNull(limitOf));
      fixed = null;
      return this;
    }

    /**
     * Puts {@code prefix} before each key that it writes to Redis, such as {@code "app:"} where an ACL allows
     * {@code ~app:*}: up to 64 letters, digits, dots, dashes, colons, slashes or underscores. All that share the permits
     * must use the same prefix. Default: none, so that keys begin with {@code rl:}.
     */
    public Builder keyPrefix(String prefix) {
      keyPrefix = Check.keyPrefix(prefix);
      return this;
    }

    /** Takes time from {@code clock}. Default: {@link Clock#system()}. */
    public Builder clock(Clock clock) {
      this.clock = Objects.requireNonNull(clock);
      return this;
    }

    /**
     * Starts the limiter.
     *
     * @throws IllegalStateException if there is no policy
     */
    public SettledRateLimiter start() {
      checkPolicy();
      RedisAccess own = redis.sibling("limiter-" + name, DEADLINE);
      try {
        SettledRateLimiter limiter = new SettledRateLimiter(this, own, DEADLINE);
        limiter.loop.start();
        return limiter;
      } catch (Throwable notStarted) {
        own.close();
        throw notStarted;
      }
    }

    /** Returns one that settles when its test says so, by the access that it was given. */
    SettledRateLimiter notStarted() {
      checkPolicy();
      return new SettledRateLimiter(this, redis, PATIENT);
    }

    private void checkPolicy() {
      if (policies.isEmpty()) {
        throw new IllegalStateException(
            "limiter '" + name + "' has no policy: add one by policy(limit)");
      }
    }
  }
}
