package io.github.scalingtoolkit.core.limit;

import io.github.scalingtoolkit.core.guard.Guard;
import io.github.scalingtoolkit.core.limit.CallMerger.Share;
import io.github.scalingtoolkit.core.limit.DenialCache.Denial;
import io.github.scalingtoolkit.core.limit.PermitChunks.Chunk;
import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.core.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * Limits across processes: all that use one Redis and one name share its permits.
 *
 * <p><b>Promise.</b> Over any stretch t of Redis' own clock at most {@code permits + permits * t / period} permits of a
 * key are handed out, whatever the clients' clocks say, and at most 1/32 µs a permit less than that (0.3 % at 100,000 a
 * second). When Redis' clock is set forward, that adds at most a burst; set back, nobody waits longer than a period and a
 * 32nd of it. A limit may be changed at any time by building another limiter of the same name: what was used counts on.
 * While limits of different periods are used side by side, each call under the shorter one forgives what the longer one
 * has taken beyond its burst.
 *
 * <p><b>Several policies</b> (10 a second and 1,000 an hour) are asked together: a call takes from all or from none.
 *
 * <p><b>Cost.</b> A call is one round trip: one script for all policies, in one slot of a cluster. Calls of one key that
 * come at the same time are merged into one round trip ({@code CallMerger}), and a key that was denied is denied from
 * memory until the moment that Redis named ({@code DenialCache}): a flood costs Redis about nothing.
 *
 * <p><b>Chunks</b>, if {@link Builder#chunks} asks for them: of a busy key some permits are taken ahead, so that most calls
 * need no round trip. The bound is then {@code permits + permits * (t + life) / period}, and what is not used within its
 * life is lost to all.
 *
 * <p><b>Failure.</b> It opens connections of its own to the same Redis, with a deadline of 20 ms and a breaker of their
 * own, because a limiter must not hold up what it protects: see {@link RedisAccess#sibling}. What Redis does not answer
 * is decided by the policies' {@link FailureMode}s, says {@link Decision#degraded()} and is counted. Calls that wait for
 * others of the same key wait for two deadlines at most. When an answer is lost on its way, its permits are too.
 *
 * <p>Blocks for a round trip. Safe for use by several threads. Owns its connections: close it.
 */
public final class RedisRateLimiter implements RateLimiter, AutoCloseable {
  private final String name;
  private final List<RateLimit> policies;
  private final int mostCost;
  private final String policyHeader;
  private final Clock clock;
  private final RedisAccess redis;
  private final AcquireScript script;
  private final CallMerger merger;
  private final DenialCache denials = new DenialCache();
  private final Fallback fallback;
  private final @Nullable PermitChunks chunks;

  private final LongAdder allowed = new LongAdder();
  private final LongAdder denied = new LongAdder();
  private final LongAdder allowedFromMemory = new LongAdder();
  private final LongAdder deniedFromMemory = new LongAdder();
  private final LongAdder degradedAllowed = new LongAdder();
  private final LongAdder degradedDenied = new LongAdder();
  private final LongAdder calls = new LongAdder();

  private RedisRateLimiter(Builder builder) {
    name = builder.name;
    policies = List.copyOf(builder.policies);
    mostCost = policies.stream().mapToInt(RateLimit::permits).min().orElseThrow();
    policyHeader =
        String.join(", ", policies.stream().map(RateLimit::policyHeader).toList());
    clock = builder.clock;
    redis = builder.redis.sibling("limiter-" + name, builder.budget);
    script = new AcquireScript(redis, name, policies);
    merger = new CallMerger(this::ask, 2 * builder.budget.toNanos());
    fallback = new Fallback(policies, builder.modes, clock);
    chunks = builder.mostAhead == 0
        ? null
        : new PermitChunks(builder.mostAhead, builder.chunkLife.toNanos());
  }

  /**
   * Starts to build a limiter.
   *
   * @param redis where the permits are kept
   * @param name what all that share the permits call them, such as {@code "login"}: 1 to 32 lower-case letters, digits or
   *     dashes
   */
  public static Builder builder(RedisAccess redis, String name) {
    return new Builder(redis, name);
  }

  @Override
  public Decision tryAcquire(String key, int cost) {
    if (cost < 1 || cost > mostCost) {
      throw new IllegalArgumentException("cost must be 1 to " + mostCost
          + ", the permits of the smallest policy of limiter '" + name + "', but was " + cost);
    }
    long now = clock.nanoTime();
    Decision ahead = cost == 1 && chunks != null ? fromChunk(chunks, key, now) : null;
    if (ahead != null) {
      allowedFromMemory.increment();
      return ahead;
    }
    Denial known = denials.find(key, cost, now);
    if (known != null) {
      deniedFromMemory.increment();
      return new Decision(
          policies.get(known.policy()),
          false,
          known.remaining(),
          Duration.ofNanos(known.untilNanos() - now),
          Duration.ofNanos(Math.max(0, known.resetNanos() - now)),
          false);
    }
    Share share = merger.acquire(key, cost);
    Grant grant = share.grant();
    if (grant == null) {
      Decision decision = fallback.decide(key, cost);
      (decision.allowed() ? degradedAllowed : degradedDenied).increment();
      return decision;
    }
    boolean admitted = share.place() < grant.admitted();
    (admitted ? allowed : denied).increment();
    // Who came earlier in a batch sees what was left before the later ones took theirs.
    long later = admitted ? (grant.admitted() - 1 - share.place()) * cost : 0;
    return new Decision(
        policies.get(grant.policy()),
        admitted,
        grant.remaining() + later,
        admitted ? Duration.ZERO : micros(grant.retryMicros()),
        micros(grant.resetMicros()),
        false);
  }

  /** Returns the value of the {@code RateLimit-Policy} header, with every policy. */
  public String policyHeader() {
    return policyHeader;
  }

  /** Returns the name. */
  public String name() {
    return name;
  }

  /** Returns the breaker before its Redis, for its state. */
  public Guard guard() {
    return redis.guard();
  }

  /** Returns what it has decided until now. */
  public LimiterCounts counts() {
    return new LimiterCounts(
        allowed.sum(),
        denied.sum(),
        allowedFromMemory.sum(),
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

  private Grant ask(String key, int cost, int number) {
    calls.increment();
    long sent = clock.nanoTime();
    int extra = cost == 1 && chunks != null ? chunks.next(key, sent) : 0;
    Grant grant = script.ask(key, cost, number + extra);
    if (cost == 1 && chunks != null) {
      chunks.put(key, (int) Math.max(0, grant.admitted() - number), sent, grant);
    }
    if (grant.retryMicros() > 0) {
      denials.put(new Denial(
          key,
          cost,
          sent + grant.retryMicros() * 1000,
          sent + grant.resetMicros() * 1000,
          grant.policy(),
          grant.remaining()));
    }
    return grant;
  }

  private @Nullable Decision fromChunk(PermitChunks chunks, String key, long now) {
    Chunk chunk = chunks.find(key, now);
    int left = chunk == null ? -1 : chunk.take();
    return chunk == null || left < 0
        ? null
        : new Decision(
            policies.get(chunk.policy()),
            true,
            chunk.remaining() + left,
            Duration.ZERO,
            Duration.ofNanos(Math.max(0, chunk.resetNanos() - now)),
            false);
  }

  private static Duration micros(long micros) {
    return Duration.ofNanos(micros * 1000);
  }

  /** Collects what a {@link RedisRateLimiter} is built from. Not safe for use by several threads. */
  public static final class Builder {
    private static final Duration BUDGET = Duration.ofMillis(20);

    private final RedisAccess redis;
    private final String name;
    private final List<RateLimit> policies = new ArrayList<>();
    private final List<FailureMode> modes = new ArrayList<>();
    private Duration budget = BUDGET;
    private Clock clock = Clock.system();
    private int mostAhead;
    private Duration chunkLife = Duration.ZERO;

    private Builder(RedisAccess redis, String name) {
      LimitKeys.checkName(name);
      this.redis = redis;
      this.name = name;
    }

    /**
     * Adds a policy, at most one permit a microsecond; at least one is needed, and their names must differ.
     *
     * @param whenRedisIsOut what it decides then: there is no default, because either choice is wrong for somebody
     */
    public Builder policy(RateLimit policy, FailureMode whenRedisIsOut) {
      LimitKeys.checkRate(policy);
      if (policies.stream().anyMatch(other -> other.name().equals(policy.name()))) {
        throw new IllegalArgumentException(
            "two policies are called '" + policy.name() + "': their permits would be one");
      }
      policies.add(policy);
      modes.add(Objects.requireNonNull(whenRedisIsOut));
      return this;
    }

    /** Bounds each question to Redis: 1 ms to 1 min. Default: 20 ms. A wrapped client's own time-outs stay. */
    public Builder budget(Duration budget) {
      if (budget.toMillis() < 1 || budget.toMillis() > 60_000) {
        throw new IllegalArgumentException("budget must be 1 ms to 1 min but was " + budget);
      }
      this.budget = budget;
      return this;
    }

    /**
     * Takes permits of busy keys ahead, so that most calls that cost one permit need no round trip. Default: never.
     *
     * @param most how many at a time, 1 to 100,000: a hundredth of the limit or so, for as many are lost at worst in each
     *     process and life
     * @param life how long they may be used, 1 ms to 1 min: the bound is wider by what the rate admits in it
     */
    public Builder chunks(int most, Duration life) {
      if (most < 1 || most > 100_000) {
        throw new IllegalArgumentException("most must be 1 to 100000 permits but was " + most);
      }
      if (life.toMillis() < 1 || life.toMillis() > 60_000) {
        throw new IllegalArgumentException("life must be 1 ms to 1 min but was " + life);
      }
      mostAhead = most;
      chunkLife = life;
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
