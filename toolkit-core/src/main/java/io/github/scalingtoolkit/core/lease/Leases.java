package io.github.scalingtoolkit.core.lease;

import io.github.scalingtoolkit.core.lease.LeaseScripts.Answer;
import io.github.scalingtoolkit.core.lease.Releases.Waiter;
import io.github.scalingtoolkit.core.redis.ChannelListener;
import io.github.scalingtoolkit.core.redis.ChannelSubscription;
import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.core.time.Clock;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisException;

/**
 * Locks and semaphores across the processes that use one Redis.
 *
 * <p><b>Promise.</b> While Redis keeps what it was told, no more holders of a name exist than it has permits, by Redis' own
 * clock; and each holder's {@linkplain Lease#token() token} is greater than that of every holder before. A holder that
 * closes hands over at once; one that dies does so when its lifetime (10 s unless said otherwise) has ended; one that lives
 * is renewed in the background, until it closes or Redis does not answer for a whole lifetime.
 *
 * <p><b>What is not promised.</b> A lease is not a proof: its holder may be paused past its end and go on. What must not
 * happen twice has to check the token. In particular:
 *
 * <ul>
 *   <li>Failover: a replica that becomes the master may not know of the newest holders, and two may hold for up to a
 *       lifetime. Tokens are made of Redis' time, so the later one's is still the greater, unless the new master's clock is
 *       behind by more than the time between them.
 *   <li>Redis' clock set forward by more than a lifetime ends every lease at once; holders hear of it when they are renewed.
 *       Set back, the leases of the dead last longer by as much. Tokens rise all the same, for a day after the last.
 *   <li>Order: who waits longest need not be the next.
 * </ul>
 *
 * <p>Blocks only as long as {@link #acquire} is told to wait, and for a round trip. Safe for use by several threads. Has two
 * threads, connections of its own with a breaker of their own for renewals (see {@link RedisAccess#sibling}), and a
 * subscription if the access has connections for it; close it before the access.
 */
public final class Leases implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Leases.class);
  /** A release may go unheard: by a message that was missed, or without a subscription at all. */
  private static final Duration LONGEST_UNTOLD = Duration.ofSeconds(1);

  private static final Duration WITHOUT_SUBSCRIPTION = Duration.ofMillis(100);

  private static final Duration FIRST_BACKOFF = Duration.ofMillis(100);
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
    scripts = new LeaseScripts(builder.redis, lifetime);
    renewals = builder.redis.sibling("leases", renewalDeadline(lifetime));
    keeper = new LeaseKeeper(renewals, new LeaseScripts(renewals, lifetime), lifetime, clock);
    try {
      subscription = builder.redis.hasBlocking()
          ? builder.redis.subscribe(LeaseScripts.CHANNEL, new Listener(releases))
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
   * @throws InterruptedException if the thread is interrupted while it waits; then it holds nothing
   */
  public Optional<Lease> acquire(String name, Duration wait) throws InterruptedException {
    return acquire(name, 1, wait);
  }

  /**
   * Takes one of a name's permits.
   *
   * @param name 1 to 200 letters, digits, dots, dashes, colons, slashes or underscores
   * @param permits how many may hold it at a time; all who use the name must say the same
   * @param wait how long to wait for one; zero to try once
   * @return the lease, or nothing if none was to be had in time
   * @throws InterruptedException if the thread is interrupted while it waits; then it holds nothing
   * @throws IllegalStateException if this is closed, also while it waits; then it holds nothing
   * @throws io.github.scalingtoolkit.core.guard.RejectedException at once, while Redis is failing
   * @throws JedisException if Redis did not answer, and was tried again until {@code wait}
   *     was over; a permit that it gave all the same is given back in the background
   */
  public Optional<Lease> acquire(String name, int permits, Duration wait)
      throws InterruptedException {
    check(name, permits, wait);
    Attempt attempt = new Attempt(name, permits, clock.nanoTime() + wait.toNanos());
    try (Waiter waiter = releases.join(name)) {
      return attempt.untilItSucceedsOrIsOver(waiter);
    } finally {
      attempt.end();
    }
  }

  /** One call of {@link #acquire}: all its tries are by one holder, so that one whose answer was lost is taken up. */
  private final class Attempt {
    private final String name;
    private final int permits;
    private final long untilNanos;
    private final String holder = UUID.randomUUID().toString();
    private int unanswered;
    private @Nullable JedisException lost;
    private boolean mayHold;

    Attempt(String name, int permits, long untilNanos) {
      this.name = name;
      this.permits = permits;
      this.untilNanos = untilNanos;
    }

    Optional<Lease> untilItSucceedsOrIsOver(Waiter waiter) throws InterruptedException {
      while (true) {
        waiter.aboutToTry();
        checkOpen(name);
        long sent = clock.nanoTime();
        Answer answer = ask();
        if (answer != null && answer.token() > 0) {
          return Optional.of(taken(answer.token(), sent));
        }
        long left = untilNanos - clock.nanoTime();
        if (left > 0) {
          waiter.await(Math.min(left, answer == null ? backoffNanos() : pauseNanos(answer)));
        } else if (lost != null) {
          throw lost;
        } else {
          return Optional.empty();
        }
      }
    }

    /** Returns null if there is no answer. */
    private @Nullable Answer ask() {
      try {
        Answer answer = scripts.acquire(name, holder, permits);
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

    private Lease taken(long token, long sent) {
      Lease lease =
          new Lease(name, holder, token, sent + lifetime.toNanos(), clock, Leases.this::giveBack);
      keeper.add(lease);
      mayHold = false;
      if (closed.get()) {
        lease.close();
        checkOpen(name);
      }
      return lease;
    }

    private long backoffNanos() {
      return FIRST_BACKOFF.toNanos() << Math.min(unanswered - 1, 3);
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
   * Gives back every lease that is still held, and ends the threads, the subscription and every {@link #acquire} that
   * waits.
   */
  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      releases.wakeAll();
      keeper.held().forEach(Lease::close);
      keeper.close();
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

  private void release(String name, String holder) {
    try {
      scripts.release(name, holder);
    } catch (RuntimeException failure) {
      log.info(
          "lease={} state=not-released cause={}: it ends by itself",
          name,
          failure.getClass().getName());
    }
  }

  /** Until the first holder ends, unless somebody tells before; sooner where telling cannot be relied on. */
  private long pauseNanos(Answer answer) {
    Duration longest = subscription == null ? WITHOUT_SUBSCRIPTION : LONGEST_UNTOLD;
    return Math.min(longest.toMillis(), Math.max(1, answer.firstEndsMillis())) * 1_000_000;
  }

  /** Several may fail before a lease ends, and whatever else makes calls of Redis fail is none of its business. */
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
      releases.wakeAll();
    }

    @Override
    public void onGap() {
      // Who waits looks again within a second all the same.
    }
  }

  /** Collects what {@link Leases} are built from. Not safe for use by several threads. */
  public static final class Builder {
    private final RedisAccess redis;
    private Duration lifetime = Duration.ofSeconds(10);
    private Clock clock = Clock.system();

    private Builder(RedisAccess redis) {
      this.redis = Objects.requireNonNull(redis);
    }

    /**
     * Sets after how long a lease ends that nobody renews: 100 ms to 1 h. Default: 10 s. Shorter hands over sooner after a
     * crash; longer survives longer outages of Redis and pauses of its holder.
     */
    public Builder lifetime(Duration lifetime) {
      if (lifetime.toMillis() < 100 || lifetime.toMinutes() > 60) {
        throw new IllegalArgumentException("lifetime must be 100 ms to 1 h but was " + lifetime);
      }
      this.lifetime = lifetime;
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
