package io.github.scalingtoolkit.queue;

import static io.github.scalingtoolkit.queue.Scripts.bytes;

import io.github.scalingtoolkit.core.internal.Check;
import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.core.redis.ScriptCall;
import io.github.scalingtoolkit.core.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;

/**
 * A queue of jobs in Redis: enqueue here, run with a {@link Worker}.
 *
 * <p><b>Where a job is.</b> In exactly one of: a list of ready ids per priority ({@code w:0} to {@code w:9}), the
 * sorted set of delayed and retried ones ({@code d}), the claims ({@code r}, with their leases in {@code l}), the dead
 * letters ({@code f}), or the remembered ends ({@code e}, {@code ex}). Its envelope ({@code j:id}) exists until it is
 * done. All keys of a queue carry one hash tag and so are in one slot of a cluster; every change is one script, and so
 * atomic. No key that holds work has a time to live. So a Redis that evicts only keys with one ({@code volatile-*}) loses no
 * job, though a shared one evicts the leases and tombstones of other parts first; a Redis that evicts any key
 * ({@code allkeys-*}) does lose jobs: one warning says so, when a worker starts or Redis recovers. Set
 * {@code noeviction}.
 *
 * <p><b>Fencing.</b> A claim is {@code worker|epoch}, the epoch being a number that the worker never uses twice. Only the
 * claim that holds a job can end it: a worker that slept through its lease finds its end refused.
 *
 * <p><b>Failure windows.</b> A lost reply to an enqueue: repeated by id, added once. To a claim: the job is claimed by a
 * worker that does not know it; that worker's next beat returns it. To an end: repeated, and found ended by the same
 * claim. A killed worker: its leases end, any worker's beat takes its jobs over. A killed Redis loses what its own
 * persistence had not written; a FLUSHALL loses all: to survive that, keep an outbox and enqueue again by id.
 *
 * <p><b>What eviction leaves.</b> A claim whose lease is gone gets another with the next beat. A job that is in no list
 * any more is put back when it is enqueued again by its id, as an outbox does, once its list of ready ids is down to
 * 1,000; nothing else looks for it, so a job with a generated id, which is never enqueued again, stays there. A job whose envelope is
 * gone is lost.
 *
 * <p>Safe for use by several threads. Every method takes one round trip, bounded by the deadline of {@link RedisAccess},
 * and throws its exceptions: {@link io.github.scalingtoolkit.core.guard.RejectedException} at once while Redis is
 * failing, {@link redis.clients.jedis.exceptions.JedisException} otherwise.
 */
public final class JobQueue {
  /** Most jobs of one {@link #enqueueAll}. */
  public static final int MOST_AT_ONCE = 1000;

  private final RedisAccess redis;
  private final String name;
  private final Clock clock;
  private final List<byte[]> keys;

  private JobQueue(Builder builder) {
    redis = builder.redis;
    name = builder.name;
    clock = builder.clock;
    // Two keys that never exist: while the queue's slot moves, a node that has only some of the
    // queue answers TRYAGAIN then, and would serve the little it has if there were one.
    keys = List.of(bytes(key("")), bytes(key("-")));
  }

  /**
   * Starts to build the queue {@code name}.
   *
   * @param name 1 to 64 letters, digits, dots, dashes or underscores
   */
  public static Builder builder(RedisAccess redis, String name) {
    return new Builder(redis, name);
  }

  /** Returns the queue's name. */
  public String name() {
    return name;
  }

  /** Enqueues a job with the default options. */
  public <P> Enqueued enqueue(JobType<P> type, P payload) {
    return enqueue(type, payload, EnqueueOptions.defaults());
  }

  /** Enqueues a job. */
  public <P> Enqueued enqueue(JobType<P> type, P payload, EnqueueOptions options) {
    return enqueueAll(List.of(new NewJob<>(type, payload, options))).get(0);
  }

  /**
   * Enqueues several jobs: all of them, or none if this throws and they were not there before.
   *
   * @param jobs at most {@value #MOST_AT_ONCE}
   * @return the result of each, in order
   * @throws IllegalArgumentException if there are more
   */
  public List<Enqueued> enqueueAll(List<NewJob<?>> jobs) {
    if (jobs.size() > MOST_AT_ONCE) {
      throw new IllegalArgumentException(
          "at most " + MOST_AT_ONCE + " jobs at once but were " + jobs.size());
    }
    if (jobs.isEmpty()) {
      return List.of();
    }
    List<JobId> ids = new ArrayList<>(jobs.size());
    List<byte[]> args = new ArrayList<>(jobs.size() * 3);
    for (NewJob<?> job : jobs) {
      ids.add(add(job, args));
    }
    List<?> codes = (List<?>) Objects.requireNonNull(redis.eval(Scripts.ENQUEUE, keys, args));
    List<Enqueued> results = new ArrayList<>(jobs.size());
    for (int i = 0; i < codes.size(); i++) {
      results.add(new Enqueued(ids.get(i), outcome((Long) codes.get(i))));
    }
    return results;
  }

  /**
   * Returns the enqueue of a job as a script call, to share a round trip with others on the same Redis
   * ({@link RedisAccess#evalAll}). Its options must give an id, since the call may be sent more than once.
   *
   * @throws IllegalArgumentException if they do not
   */
  public <P> ScriptCall enqueueCall(JobType<P> type, P payload, EnqueueOptions options) {
    if (options.id() == null) {
      throw new IllegalArgumentException(
          "an enqueue sent together with other scripts needs an id: options.id(…)");
    }
    List<byte[]> args = new ArrayList<>(3);
    add(new NewJob<>(type, payload, options), args);
    return new ScriptCall(Scripts.ENQUEUE, keys, args);
  }

  /** Returns where a job is; empty if it never was or has been forgotten. */
  public Optional<JobSnapshot> find(JobId id) {
    List<?> reply = (List<?>)
        Objects.requireNonNull(redis.eval(Scripts.INSPECT, keys, List.of(bytes(id.value()))));
    String state = Scripts.text(reply.get(0));
    if (state.isEmpty()) {
      return Optional.empty();
    }
    long endedAt = (Long) reply.get(2);
    return Optional.of(new JobSnapshot(
        id,
        JobState.valueOf(state.toUpperCase(Locale.ROOT)),
        Math.toIntExact((Long) reply.get(1)),
        endedAt == 0 ? Optional.empty() : Optional.of(Instant.ofEpochMilli(endedAt)),
        Scripts.text(reply.get(3))));
  }

  RedisAccess redis() {
    return redis;
  }

  List<byte[]> keys() {
    return keys;
  }

  String key(String suffix) {
    return "tq:{" + name + "}:" + suffix;
  }

  private <P> JobId add(NewJob<P> job, List<byte[]> args) {
    EnqueueOptions options = job.options();
    JobId id = options.id() == null ? JobId.make(clock.millis()) : options.id();
    args.add(bytes(id.value()));
    args.add(bytes(options.delay().toMillis()));
    args.add(Envelope.write(job.type(), job.payload(), options));
    return id;
  }

  private static Enqueued.Outcome outcome(long code) {
    return code == 1
        ? Enqueued.Outcome.ADDED
        : code == 2 ? Enqueued.Outcome.ENDED : Enqueued.Outcome.PRESENT;
  }

  /** Warns if this Redis may evict jobs. */
  void warnOfEviction() {
    redis.warnOfEviction(
        "queue=" + name, "jobs may be evicted", policy -> policy.startsWith("allkeys"));
  }

  /** Collects what a {@link JobQueue} is built from. Not safe for use by several threads. */
  public static final class Builder {
    private final RedisAccess redis;
    private final String name;
    private Clock clock = Clock.system();

    private Builder(RedisAccess redis, String name) {
      this.redis = Objects.requireNonNull(redis);
      this.name = Check.name("a queue's name", name);
    }

    /** Takes time from {@code clock}. Default: {@link Clock#system()}. Only made ids need it. */
    public Builder clock(Clock clock) {
      this.clock = Objects.requireNonNull(clock);
      return this;
    }

    /** Builds the queue. No round trip. */
    public JobQueue build() {
      return new JobQueue(this);
    }
  }
}
