package io.github.scalingtoolkit.core.limit;

import io.github.scalingtoolkit.core.guard.Guard;
import io.github.scalingtoolkit.core.guard.RejectedException;
import io.github.scalingtoolkit.core.internal.Check;
import io.github.scalingtoolkit.core.limit.CallMerger.Share;
import io.github.scalingtoolkit.core.limit.DenialCache.Denial;
import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.core.time.Deadline;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Limits across processes: all that use one Redis and one name share its permits.
 *
 * <p><b>Promise.</b> Over any stretch t of Redis' own clock at most {@code permits + permits * t / period} permits of a
 * key are granted, whatever the clients' clocks say, and at most 1/32 µs a permit less than that (0.3 % at 100,000 a
 * second). When Redis' clock is set forward, that adds at most a burst; set back, no caller waits longer than a period and a
 * 32nd of it. A limit may be changed at any time by building another limiter of the same name: used permits still count.
 * While limits of different periods are used side by side, each call under the shorter one forgives what the longer one
 * has taken beyond its burst.
 *
 * <p><b>Several policies</b> (10 a second and 1,000 an hour) are checked together: a call takes from all or from none.
 *
 * <p><b>Cost.</b> A call is one round trip: one script for all policies, in one slot of a cluster. Calls of one key that
 * come at the same time are merged into one round trip ({@code CallMerger}), and a key that was denied is denied from
 * memory until the time that Redis named, for a second at most ({@code DenialCache}): a flood costs Redis almost nothing.
 * So permits that another process returns, resets or adds count here within a second.
 *
 * <p><b>Failure.</b> It opens its own connections to the same Redis, with a deadline of 20 ms and a breaker of their
 * own, because a limiter must not delay the service it protects: see {@link RedisAccess#sibling}. A call that Redis does not answer
 * is decided by the policies' {@link FailureMode}s, says {@link Decision#degraded()} and is counted; one warning says why,
 * and what to do. Calls that wait for others of the same key wait for two deadlines at most. If an answer is lost on its
 * way, so are its permits.
 *
 * <p>A caller that is interrupted, or whose {@link Deadline} has passed, says nothing about Redis: if it got no answer, it is
 * denied whatever the failure modes, and not as degraded. {@link #await} asks whatever the deadline, which only ends the wait.
 *
 * <p>Blocks for a round trip. Safe for use by several threads. Owns its connections: close it.
 */
public final class RedisRateLimiter implements RateLimiter, AutoCloseable {
  private static final Duration NOT_ASKED_RETRY = Duration.ofSeconds(1);

  private final String name;
  private final Policies policies;
  private final Clock clock;
  private final RedisAccess redis;
  private final LimitScripts scripts;
  private final CallMerger merger;
  private final DenialCache denials = new DenialCache();
  private final Fallback fallback;
  private final Degradation degradation;
  private final WaitingLines lines = new WaitingLines();

  private final LongAdder allowed = new LongAdder();
  private final LongAdder denied = new LongAdder();
  private final LongAdder deniedFromMemory = new LongAdder();
  private final LongAdder degradedAllowed = new LongAdder();
  private final LongAdder degradedDenied = new LongAdder();
  private final LongAdder calls = new LongAdder();

  private RedisRateLimiter(Builder builder) {
    name = builder.name;
    policies = builder.policies.copy();
    clock = builder.clock;
    redis = builder.redis.sibling("limiter-" + name, builder.budget);
    LimitKeys keys = new LimitKeys(builder.keyPrefix, name);
    scripts = new LimitScripts(redis, keys, policies.names());
    merger = new CallMerger(this::ask, 2 * builder.budget.toNanos());
    fallback = new Fallback(builder.modes, clock);
    degradation = new Degradation(
        name,
        "by its failure modes",
        redis,
        keys.aclPattern() + " " + LimitScripts.ACL_COMMANDS,
        clock);
  }

  /**
   * Starts to build a limiter.
   *
   * @param redis where the permits are kept
   * @param name the common name for all that share the permits, such as {@code "login"}: 1 to 32 lower-case letters, digits or
   *     dashes
   */
  public static Builder builder(RedisAccess redis, String name) {
    return new Builder(redis, name);
  }

  @Override
  public Decision tryAcquire(String key, int cost) {
    Terms terms = policies.of(key);
    terms.check("cost", cost);
    return tryAcquire(LimitKeys.bounded(key), cost, terms);
  }

  private Decision tryAcquire(String key, int cost, Terms terms) {
    long now = clock.nanoTime();
    Denial known = denials.find(key, cost, terms, now);
    if (known != null) {
      deniedFromMemory.increment();
      return new Decision(
          terms.limit(known.policy()),
          false,
          known.remaining(),
          Duration.ofNanos(known.untilNanos() - now),
          Duration.ofNanos(Math.max(0, known.resetNanos() - now)),
          false);
    }
    Share share = merger.acquire(key, cost, terms);
    Grant grant = share.grant();
    if (grant == null && CallMerger.callerIsGone()) {
      deniedFromMemory.increment();
      return notAsked(terms);
    }
    if (grant == null) {
      Decision decision = fallback.decide(key, cost, terms);
      (decision.allowed() ? degradedAllowed : degradedDenied).increment();
      return decision;
    }
    boolean admitted = share.place() < grant.admitted();
    (admitted ? allowed : denied).increment();
    // Earlier callers of a batch see the permits left before the later ones took theirs.
    long later = admitted ? (grant.admitted() - 1 - share.place()) * cost : 0;
    return new Decision(
        terms.limit(grant.policy()),
        admitted,
        grant.remaining() + later,
        admitted ? Duration.ZERO : micros(grant.retryMicros()),
        micros(grant.resetMicros()),
        false);
  }

  @Override
  public Decision await(String key, int cost, Duration wait) throws InterruptedException {
    return lines.await(LimitKeys.bounded(key), wait, () -> tryAcquire(key, cost));
  }

  /** {@inheritDoc} Always one round trip: memory is not used. */
  @Override
  public Decision peek(String key) {
    Terms terms = policies.of(key);
    String bounded = LimitKeys.bounded(key);
    try {
      Grant grant = asked(() -> scripts.acquire(bounded, 1, 0, terms));
      return new Decision(
          terms.limit(grant.policy()),
          grant.retryMicros() == 0,
          grant.remaining(),
          micros(grant.retryMicros()),
          micros(grant.resetMicros()),
          false);
    } catch (RuntimeException out) {
      return CallMerger.callerIsGone() ? notAsked(terms) : fallback.peek(bounded, terms);
    }
  }

  /** Denies a caller whose own time is over: the failure modes are for failures of Redis. */
  private static Decision notAsked(Terms terms) {
    return new Decision(terms.limit(0), false, 0, NOT_ASKED_RETRY, NOT_ASKED_RETRY, false);
  }

  /**
   * {@inheritDoc} One round trip, which the thread's {@link Deadline} does not cut short. Never throws because of Redis:
   * if it does not answer, the permits stay taken, like those of a lost answer, and are returned to the failure modes
   * instead.
   */
  @Override
  public void giveBack(String key, int permits) {
    Terms terms = policies.of(key);
    terms.check("permits", permits);
    String bounded = LimitKeys.bounded(key);
    try {
      Deadline.suspended(() -> asked(() -> {
        scripts.giveBack(bounded, permits, terms);
        return true;
      }));
    } catch (RuntimeException out) {
      fallback.giveBack(bounded, permits, terms);
    } finally {
      denials.forget(bounded);
    }
  }

  /**
   * {@inheritDoc} One round trip. Counts at once here, and in other processes within a second.
   *
   * @throws RejectedException at once, while Redis is failing
   * @throws redis.clients.jedis.exceptions.JedisException if Redis did not answer; whether it has done so is unknown
   */
  @Override
  public void reset(String key) {
    String bounded = LimitKeys.bounded(key);
    fallback.reset(bounded);
    try {
      asked(() -> {
        scripts.reset(bounded);
        return true;
      });
    } finally {
      denials.forget(bounded);
    }
  }

  /** Returns the value of the {@code RateLimit-Policy} header of a key, with every policy. */
  public String policyHeader(String key) {
    return String.join(
        ", ", policies.of(key).limits().stream().map(RateLimit::policyHeader).toList());
  }

  /** Returns the name. */
  public String name() {
    return name;
  }

  /** Returns the breaker before its Redis, for its state. */
  public Guard guard() {
    return redis.guard();
  }

  /**
   * Tells whether it decides by its failure modes: from a failure of Redis until Redis has answered for five seconds, or
   * nothing has failed for a minute.
   */
  public boolean degraded() {
    return degradation.isOn();
  }

  /** Returns the counts of its decisions so far. */
  public LimiterCounts counts() {
    return new LimiterCounts(
        allowed.sum(),
        denied.sum(),
        0,
        deniedFromMemory.sum(),
        degradedAllowed.sum(),
        degradedDenied.sum(),
        calls.sum());
  }

  /** Closes its connections; from then on it decides by the failure modes. */
  @Override
  public void close() {
    redis.close();
  }

  private Grant ask(String key, int cost, int number, Terms terms) {
    Denial seen = denials.seen(key);
    long sent = clock.nanoTime();
    Grant grant = asked(() -> scripts.acquire(key, cost, number, terms));
    if (grant.retryMicros() > 0) {
      denials.put(
          new Denial(
              key,
              cost,
              terms,
              sent,
              sent + grant.retryMicros() * 1000,
              sent + grant.resetMicros() * 1000,
              grant.policy(),
              grant.remaining()),
          seen);
    }
    return grant;
  }

  private <T> T asked(Supplier<T> question) {
    calls.increment();
    try {
      T answer = question.get();
      degradation.worked();
      return answer;
    } catch (RuntimeException failure) {
      if (!CallMerger.callerIsGone()) {
        degradation.failed(failure);
      }
      throw failure;
    }
  }

  private static Duration micros(long micros) {
    return Duration.ofNanos(micros * 1000);
  }

  /** Collects what a {@link RedisRateLimiter} is built from. Not safe for use by several threads. */
  public static final class Builder {
    private static final Duration BUDGET = Duration.ofMillis(20);

    private final RedisAccess redis;
    private final String name;
    private final Policies policies;
    private final List<FailureMode> modes = new ArrayList<>();
    private Duration budget = BUDGET;
    private Clock clock = Clock.system();
    private String keyPrefix = "";

    private Builder(RedisAccess redis, String name) {
      LimitKeys.checkName(name);
      this.redis = redis;
      this.name = name;
      policies = new Policies(name);
    }

    /**
     * Adds a policy, at most one permit a microsecond; at least one is needed, and their names must differ.
     *
     * @param whenRedisIsOut what it decides then: there is no default, because either choice is wrong for some users
     */
    public Builder policy(RateLimit policy, FailureMode whenRedisIsOut) {
      policies.add(policy);
      modes.add(Objects.requireNonNull(whenRedisIsOut));
      return this;
    }

    /**
     * Adds a policy with a limit per key: for plans. Decisions and headers name the limit of the key; when
     * that changes, used permits still count.
     *
     * @param name the name of the permits in Redis, whatever the limit is called: 1 to 32 lower-case letters, digits or
     *     dashes
     * @param limitOf is called at each call, by several threads, so it must not block; its exceptions pass to the caller
     * @param whenRedisIsOut what it decides then
     */
    public Builder policy(
        String name, Function<String, RateLimit> limitOf, FailureMode whenRedisIsOut) {
      policies.add(name, Objects.requireNonNull(limitOf));
      modes.add(Objects.requireNonNull(whenRedisIsOut));
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

    /** Bounds each question to Redis: 1 ms to 1 min. Default: 20 ms. A wrapped client's own time-outs stay. */
    public Builder budget(Duration budget) {
      this.budget = Check.between("budget", budget, Duration.ofMillis(1), Duration.ofMinutes(1));
      return this;
    }

    /** Takes time for denials in memory and local counting from {@code clock}. Default: {@link Clock#system()}. */
    public Builder clock(Clock clock) {
      this.clock = Objects.requireNonNull(clock);
      return this;
    }

    /**
     * Builds the limiter, which opens its connections; see {@link RedisAccess#open}.
     *
     * @throws IllegalStateException if there is no policy
     */
    public RedisRateLimiter build() {
      if (policies.isEmpty()) {
        throw new IllegalStateException(
            "limiter '" + name + "' has no policy: add one by policy(limit, failureMode)");
      }
      return new RedisRateLimiter(this);
    }
  }
}
