package io.github.scalingtoolkit.core.lease;

import io.github.scalingtoolkit.core.ActionOn;
import io.github.scalingtoolkit.core.guard.RejectedException;
import io.github.scalingtoolkit.core.internal.Check;
import io.github.scalingtoolkit.core.lease.LeaseScripts.Answer;
import io.github.scalingtoolkit.core.lease.Releases.Waiter;
import io.github.scalingtoolkit.core.redis.ChannelListener;
import io.github.scalingtoolkit.core.redis.ChannelSubscription;
import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.core.time.Backoff;
import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.core.time.Deadline;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisException;

/**
 * Locks and semaphores across the processes that use one Redis.
 *
 * <p><b>Promise.</b> While Redis loses no data, a name never has more holders than permits, by Redis' own
 * clock; and each holder's {@linkplain Lease#token() token} is greater than that of every holder before. A holder that
 * closes hands over at once; one that dies does so when its lifetime (10 s by default) has ended; one that lives
 * is renewed in the background, until it closes or Redis does not answer for a whole lifetime.
 *
 * <p><b>What is not promised.</b> A lease is not a proof: its holder may be paused past its end and go on. Work that must not
 * be done twice has to check the token. In particular:
 *
 * <ul>
 *   <li>Failover: a replica that becomes the master may lack the newest holders, and two may hold for up to a
 *       lifetime. Tokens are made of Redis' time, so the later one's is still the greater, unless the new master's clock is
 *       behind by more than the time between them.
 *   <li>Redis' clock set forward by more than a lifetime ends every lease at once; holders notice at their next renewal.
 *       Set back, the leases of dead holders last longer by as much. Tokens still rise, for a day after the last.
 *   <li>Order: the waiters of one process get a name in the order in which they asked; between processes no order is
 *       promised.
 *   <li>Re-entrance: a holder cannot take its lock again, not even on the same thread. A thread that would wait for a
 *       lock that it took itself gets an exception at once.
 * </ul>
 *
 * <p>Blocks only for the wait given to {@link #acquire}, which the thread's {@link Deadline} cuts short, and for a round
 * trip. Safe for use by several threads. Has two threads, its own connections and breaker for renewals (see {@link RedisAccess#sibling}), and a
 * subscription if the access has connections for it; close it before the access.
 */
public final class Leases implements AutoCloseable {
  /** A release may go unnoticed: a message was missed, or there is no subscription at all. */
  private static final Duration LONGEST_UNTOLD = Duration.ofSeconds(1);

  private static final Duration WITHOUT_SUBSCRIPTION = Duration.ofMillis(100);

  private static final Backoff UNANSWERED =
      Backoff.doubling(Duration.ofMillis(100), Duration.ofMillis(800));
  private static final Duration LONGEST_RENEWAL = Duration.ofSeconds(1);

  private final LeaseScripts scripts;
  private final RedisAccess renewals;
  private final LeaseKeeper keeper;
  private final Releases releases = new Releases();
  private final @Nullable ChannelSubscription subscription;
  private final Duration lifetime;
  private final Clock clock;
  private final AtomicBoolean closed = new AtomicBoolean();

  private Leases(Builder builder) {
    lifetime = builder.lifetime;
    clock = builder.clock;
    scripts = new LeaseScripts(builder.redis, builder.keyPrefix, lifetime);
    renewals = builder.redis.sibling("leases", renewalDeadline(lifetime));
    keeper = new LeaseKeeper(
        renewals, new LeaseScripts(renewals, builder.keyPrefix, lifetime), lifetime, clock);
    try {
      subscription = builder.redis.hasBlocking()
          ? builder.redis.subscribe(scripts.channel(), new Listener(releases))
          : null;
    } catch (RuntimeException cannotListen) {
      renewals.close();
      throw cannotListen;
    }
    builder.redis.warnOfEviction(
        "leases",
        "a name may have more holders than permits, if it is evicted while it is held",
        policy -> !policy.equals("noeviction"));
    keeper.start();
  }

  /** Starts with the defaults. */
  public static Leases open(RedisAccess redis) {
    return builder(redis).build();
  }

  /** Starts to build with another lifetime. */
  public static Builder builder(RedisAccess redis) {
    return new Builder(redis);
  }

  /**
   * Locks a name: as {@link #acquire(String, int, Duration)} with one permit.
   *
   * <p>The lock counts as this thread's until it is closed, or until another thread uses the lease ({@link Lease#token},
   * {@link Lease#isHeld}, {@link Lease#onLost}). Until then this thread gets an exception if it would wait for the same name.
   * So to hand a lock over, let the other thread acquire it, or use the lease there before this thread asks for it again.
   *
   * @throws InterruptedException if the thread is interrupted while it waits; then it holds nothing
   */
  public Optional<Lease> acquire(String name, Duration wait) throws InterruptedException {
    return acquire(name, 1, wait);
  }

  /**
   * Takes one of a name's permits.
   *
   * @param name 1 to 200 letters, digits, dots, dashes, colons, slashes or underscores
   * @param permits how many may hold it at a time; all users of the name must use the same number
   * @param wait how long to wait for one, 0 to 365 days, cut short by the thread's {@link Deadline}; zero to try once. At
   *     its end Redis is asked a last time, even if the deadline has passed
   * @return the lease, or empty if none was available in time
   * @throws InterruptedException if the thread is interrupted while it waits; then it holds nothing
   * @throws IllegalStateException if this is closed, also while it waits; or if it would wait for a lock that the same
   *     thread holds: leases are not re-entrant. Then it has taken nothing
   * @throws RejectedException at once, while Redis is failing
   * @throws JedisException if Redis did not answer, and was tried again until {@code wait}
   *     was over; a permit that it granted without an answer is released in the background
   */
  public Optional<Lease> acquire(String name, int permits, Duration wait)
      throws InterruptedException {
    check(name, permits, wait);
    if (permits == 1 && !wait.isZero()) {
      checkNotItsOwn(name);
    }
    Attempt attempt =
        new Attempt(name, permits, clock.nanoTime() + Deadline.within(wait).toNanos());
    Waiter waiter = releases.join(name);
    try {
      return attempt.untilItSucceedsOrIsOver(waiter);
    } finally {
      // A lock that was just taken has no permit left; a semaphore may have one.
      waiter.leave(attempt.lease == null || permits > 1);
      attempt.end();
    }
  }

  /**
   * Runs {@code action} as the holder of a lock, and releases it afterwards, whatever the outcome.
   *
   * <pre>{@code
   * boolean ran = leases.run("nightly-report", Duration.ofSeconds(5),
   *     lease -> store.write(report, lease.token()));
   * }</pre>
   *
   * <p>The action is not stopped when the lease is lost meanwhile: work that must not be done twice has to check the token.
   *
   * @param name as {@link #acquire(String, int, Duration)} takes it
   * @param wait how long to wait for the lock, likewise
   * @param action receives the lease, which it need not close
   * @return true if the action was run to its end; false if the lock was not available in time, so that it was not run
   * @throws E what the action throws, as it is
   * @throws InterruptedException if the thread is interrupted while it waits; then the action was not run
   * @throws IllegalStateException as {@link #acquire(String, int, Duration)} does
   * @throws RejectedException at once, while Redis is failing; then it was not run
   * @throws JedisException if Redis did not answer; then it was not run
   */
  public <E extends Exception> boolean run(
      String name, Duration wait, ActionOn.Effect<Lease, E> action) throws E, InterruptedException {
    Optional<Lease> taken = acquire(name, wait);
    if (taken.isEmpty()) {
      return false;
    }
    try (Lease lease = taken.get()) {
      action.run(lease);
    }
    return true;
  }

  /**
   * As {@link #run}, for actions with a result.
   *
   * @param action receives the lease, and returns anything but null
   * @return the result, or empty if the lock was not available in time, so that the action was not run
   */
  public <T, E extends Exception> Optional<T> call(
      String name, Duration wait, ActionOn<Lease, T, E> action) throws E, InterruptedException {
    Optional<Lease> taken = acquire(name, wait);
    if (taken.isEmpty()) {
      return Optional.empty();
    }
    try (Lease lease = taken.get()) {
      return Optional.of(action.run(lease));
    }
  }

  /** One call of {@link #acquire}: all its tries use one holder, so that a permit whose answer was lost is found again. */
  private final class Attempt {
    private final String name;
    private final int permits;
    private final long untilNanos;
    private final String holder = UUID.randomUUID().toString();
    private int unanswered;
    private @Nullable JedisException lost;
    private boolean mayHold;
    private @Nullable Lease lease;

    Attempt(String name, int permits, long untilNanos) {
      this.name = name;
      this.permits = permits;
      this.untilNanos = untilNanos;
    }

    /** Asks when it is its turn, and a last time when its time is over, so that it ends with its own answer. */
    Optional<Lease> untilItSucceedsOrIsOver(Waiter waiter) throws InterruptedException {
      long pause = untold().toNanos();
      while (true) {
        boolean over = !waiter.await(untilNanos - clock.nanoTime(), pause);
        checkOpen(name);
        waiter.aboutToTry();
        long sent = clock.nanoTime();
        Answer answer = ask();
        if (answer != null && answer.token() > 0) {
          return Optional.of(taken(answer.token(), sent));
        }
        if (over && lost != null) {
          throw lost;
        }
        if (over) {
          return Optional.empty();
        }
        pause = answer == null ? UNANSWERED.nanosAfter(unanswered) : pauseNanos(answer);
      }
    }

    /** Returns null if there is no answer. */
    private @Nullable Answer ask() {
      try {
        Answer answer = answer();
        unanswered = 0;
        lost = null;
        return answer;
      } catch (JedisDataException refused) {
        throw refused;
      } catch (JedisException failure) {
        mayHold = true;
        unanswered++;
        lost = failure;
        return null;
      }
    }

    /** The deadline ends the wait, and not the last question: its answer is what the caller waited for. */
    private Answer answer() {
      try {
        return scripts.acquire(name, holder, permits);
      } catch (RejectedException rejected) {
        if (rejected.reason() != RejectedException.Reason.DEADLINE) {
          throw rejected;
        }
        return Deadline.suspended(() -> scripts.acquire(name, holder, permits));
      }
    }

    private Lease taken(long token, long sent) {
      Lease mine =
          new Lease(name, holder, token, sent + lifetime.toNanos(), clock, Leases.this::giveBack);
      lease = mine;
      if (permits == 1) {
        keeper.addLock(mine);
      } else {
        keeper.add(mine);
      }
      mayHold = false;
      if (closed.get()) {
        mine.close();
        checkOpen(name);
      }
      return mine;
    }

    void end() {
      if (mayHold && closed.get()) {
        release(name, holder);
      } else if (mayHold) {
        keeper.abandon(name, holder);
      }
    }
  }

  /**
   * Releases every lease that is still held, and ends the threads, the subscription and every {@link #acquire} that
   * waits.
   */
  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      releases.wakeAll();
      Object ignored = Deadline.suspended(() -> {
        keeper.held().forEach(Lease::close);
        keeper.close();
        return true;
      });
      renewals.close();
      if (subscription != null) {
        subscription.close();
      }
    }
  }

  private void giveBack(Lease lease) {
    keeper.remove(lease);
    release(lease.name(), lease.holder());
  }

  /** Not bound by the caller's deadline: other waiters must not wait longer because the caller has no time left. */
  private void release(String name, String holder) {
    Object ignored = Deadline.suspended(() -> {
      keeper.release(scripts, name, holder);
      return true;
    });
  }

  /** Until the first holder ends, unless a release is announced before; sooner where announcements are not reliable. */
  private long pauseNanos(Answer answer) {
    return Math.min(untold().toMillis(), Math.max(1, answer.firstEndsMillis())) * 1_000_000;
  }

  private Duration untold() {
    return subscription == null || !subscription.live() ? WITHOUT_SUBSCRIPTION : LONGEST_UNTOLD;
  }

  /** Several may fail before a lease ends, and failures of other calls must not affect them. */
  private static Duration renewalDeadline(Duration lifetime) {
    Duration sixth = lifetime.dividedBy(6);
    return sixth.compareTo(LONGEST_RENEWAL) < 0 ? sixth : LONGEST_RENEWAL;
  }

  private void check(String name, int permits, Duration wait) {
    checkOpen(name);
    if (!name.matches("[A-Za-z0-9._:/-]{1,200}")) {
      throw new IllegalArgumentException("name must be 1 to 200 letters, digits, dots, dashes,"
          + " colons, slashes or underscores but was '" + name + "'");
    }
    if (permits < 1) {
      throw new IllegalArgumentException("permits must be >= 1 but was " + permits);
    }
    if (wait.isNegative() || wait.toDays() > 365) {
      throw new IllegalArgumentException("wait must be 0 to 365 days but was " + wait);
    }
  }

  private void checkNotItsOwn(String name) {
    Thread thread = Thread.currentThread();
    Lease own = keeper.lockOf(thread, name);
    if (own != null) {
      throw new IllegalStateException("thread '" + thread.getName() + "' took lease '" + name
          + "' (token " + own.token() + ") and would wait for itself: leases are not re-entrant, so"
          + " close it first, or hand the lease on to what needs it");
    }
  }

  private void checkOpen(String name) {
    if (closed.get()) {
      throw new IllegalStateException("these leases are closed, so '" + name + "' cannot be held");
    }
  }

  private record Listener(Releases releases) implements ChannelListener {
    @Override
    public void onMessage(byte[] message) {
      releases.onMessage(message);
    }

    @Override
    public void onLive() {
      releases.anyMayBeReleased();
    }

    @Override
    public void onGap() {
      // Waiters check again within a second in any case.
    }
  }

  /** Collects what {@link Leases} are built from. Not safe for use by several threads. */
  public static final class Builder {
    private final RedisAccess redis;
    private Duration lifetime = Duration.ofSeconds(10);
    private String keyPrefix = "";
    private Clock clock = Clock.system();

    private Builder(RedisAccess redis) {
      this.redis = Objects.requireNonNull(redis);
    }

    /**
     * Sets how long a lease lasts without renewal: 100 ms to 1 h. Default: 10 s. Shorter hands over sooner after a
     * crash; longer survives longer outages of Redis and pauses of its holder.
     */
    public Builder lifetime(Duration lifetime) {
      this.lifetime =
          Check.between("lifetime", lifetime, Duration.ofMillis(100), Duration.ofHours(1));
      return this;
    }

    /**
     * Puts {@code prefix} before each key that it writes to Redis and before its channel, such as {@code "app:"} where an
     * ACL allows {@code ~app:*} and {@code &app:*}: up to 64 letters, digits, dots, dashes, colons, slashes or underscores.
     * All users of a name must use the same prefix. Default: none, so that keys begin with {@code lease:}.
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

    /** Starts to renew and to listen. */
    public Leases build() {
      return new Leases(this);
    }
  }
}
