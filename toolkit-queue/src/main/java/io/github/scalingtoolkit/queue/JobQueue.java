package io.github.scalingtoolkit.queue;

import static io.github.scalingtoolkit.queue.Scripts.bytes;

import io.github.scalingtoolkit.core.redis.LuaScript;
import io.github.scalingtoolkit.core.redis.NoConnectionException;
import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.core.redis.ScriptCall;
import io.github.scalingtoolkit.core.redis.ScriptReply;
import io.github.scalingtoolkit.core.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisException;

/**
 * A queue of jobs in Redis: enqueue here, run with a {@link Worker}.
 *
 * <p><b>Where a job is.</b> In exactly one of: a list of ready ids by priority and type ({@code w:priority:type}), the
 * sorted set of delayed and retried ones ({@code d}), a worker's claims ({@code o:worker}, with the worker's lease in
 * {@code l}), the dead letters ({@code f}), or the remembered ends ({@code ec}, {@code eg}). Its envelope ({@code j:id})
 * exists until it is done. All keys of a queue carry one hash tag and so are in one slot of a cluster; every change is one
 * script, and so atomic; while the slot moves, the scripts are refused and calls repeated. The layout has a version: a
 * process of another one changes nothing ({@link QueueVersionException}).
 *
 * <p>No key that holds work has a time to live. So a Redis that evicts only keys with one ({@code volatile-*}) loses no
 * job, though a shared one evicts the leases and tombstones of other parts first; a Redis that evicts any key
 * ({@code allkeys-*}) does lose jobs: {@link Builder#build} refuses it. Set {@code noeviction}. A full Redis refuses enqueues, and lets workers go on.
 *
 * <p><b>Fencing.</b> A claim is a worker and an epoch, a number that the worker never uses twice. Only the claim that holds
 * a job can end it: a worker that slept through its lease finds its ends refused.
 *
 * <p><b>Failure windows.</b> A lost reply to an enqueue: repeated by id, added once. To a claim: the same epoch again gets
 * the same jobs, and if nobody asks again that worker's next beat returns them. To an end: repeated. A killed worker: its
 * lease ends, any worker's beat takes its jobs over. A killed Redis loses what its own persistence had not written; a
 * FLUSHALL loses all: to survive that, keep an outbox and enqueue again by id.
 *
 * <p><b>What eviction leaves.</b> A job that is in no list any more is put back when it is enqueued again by its id, as an
 * outbox does, once its list of ready ids is down to 1,000; nothing else looks for it, so a job with a generated id, which
 * is never enqueued again, stays there. A job whose envelope is gone is lost.
 *
 * <p><b>Single enqueues share calls</b>: those that arrive while two calls of this object are under way leave together
 * with the next. A caller with a {@link io.github.scalingtoolkit.core.time.Deadline} of its own goes alone.
 *
 * <p>Safe for use by several threads. Every method takes one round trip, bounded by the deadline of {@link RedisAccess}, or
 * waits for one before that; once a minute an enqueue takes another one, to ask whether Redis may evict jobs. It throws: {@link io.github.scalingtoolkit.core.guard.RejectedException} at once while Redis
 * is failing, {@link redis.clients.jedis.exceptions.JedisException} if it fails, also if the queue's slot
 * moved for longer than the deadline, and {@link QueueVersionException}. Whether a job was added is unknown after a lost
 * connection: {@link UnknownEnqueueException} names its id, to enqueue it again. A job may have its id before that
 * ({@link JobId#random()}).
 */
public final class JobQueue {
  /** Most jobs of one {@link #enqueueAll}. */
  public static final int MOST_AT_ONCE = 1000;

  private static final int MOST_NAME_BYTES = 200;
  private static final byte[] VERSION = bytes(DataVersion.CURRENT);

  private final RedisAccess redis;
  private final String name;
  private final String logName;
  private final Clock clock;
  private final List<byte[]> keys;
  private final DataVersion dataVersion;
  private final EnqueueMerger merger;
  private final Supplier<Map<String, String>> headers;
  private final Retention retention;
  private final byte[] givenRemembered;
  private final byte[] madeRemembered;
  private final Eviction eviction;
  private final Effects effects;

  private JobQueue(Builder builder) {
    redis = builder.redis;
    name = builder.name;
    logName = Texts.quoted(name);
    clock = builder.clock;
    headers = builder.headers;
    // Two keys that never exist: while the queue's slot moves, a node that has only some of the
    // queue answers TRYAGAIN then, and would serve the little it has if there were one.
    keys = List.of(bytes(key("")), bytes(key("-")));
    dataVersion = new DataVersion(name);
    merger = new EnqueueMerger(this::send);
    retention = builder.retention;
    givenRemembered = bytes(retention.givenIds().toMillis());
    madeRemembered = bytes(retention.madeIds().toMillis());
    eviction = new Eviction(redis, logName, keys.get(0), Set.copyOf(builder.accepted), clock);
    effects = new Effects(logName);
  }

  /**
   * Starts to build the queue {@code name}.
   *
   * @param name any text of 1 to 200 bytes as UTF-8, without braces, control characters and lone surrogates; in quotes in
   *     logs unless it is of letters, digits, dots, dashes and underscores
   * @throws IllegalArgumentException if it has another form
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

  /**
   * Enqueues a job.
   *
   * @throws UnknownEnqueueException if it may or may not be in the queue now
   * @throws QueueException if its payload cannot be written
   */
  public <P> Enqueued enqueue(JobType<P> type, P payload, EnqueueOptions options) {
    return enqueue(new NewJob<>(type, payload, options));
  }

  Enqueued enqueue(NewJob<?> job) {
    Entry entry = entry(job);
    long code = naming(List.of(entry), () -> merger.enqueue(entry));
    // Redis answers. A process that only enqueues has no beat that asks.
    eviction.look();
    return new Enqueued(entry.id(), outcome(code));
  }

  /** Returns this queue for jobs of one type. */
  public <P> TypedQueue<P> of(JobType<P> type) {
    return new TypedQueue<>(this, type, EnqueueOptions.defaults());
  }

  /** If nobody knows what became of the jobs, their ids must not be lost as well. */
  private <T> T naming(List<Entry> entries, Supplier<T> exchange) {
    try {
      return exchange.get();
    } catch (JedisDataException | NoConnectionException refused) {
      throw refused;
    } catch (JedisException unknown) {
      throw new UnknownEnqueueException(name, entries.stream().map(Entry::id).toList(), unknown);
    }
  }

  /**
   * Enqueues several jobs: all of them, or none if this throws and they were not there before.
   *
   * @param jobs at most {@value #MOST_AT_ONCE}
   * @return the result of each, in order
   * @throws IllegalArgumentException if there are more
   * @throws UnknownEnqueueException if they may or may not be in the queue now
   * @throws QueueException if a payload cannot be written
   */
  public List<Enqueued> enqueueAll(List<NewJob<?>> jobs) {
    if (jobs.size() > MOST_AT_ONCE) {
      throw new IllegalArgumentException(
          "at most " + MOST_AT_ONCE + " jobs at once but were " + jobs.size());
    }
    if (jobs.isEmpty()) {
      return List.of();
    }
    List<Entry> entries = new ArrayList<>(jobs.size());
    for (NewJob<?> job : jobs) {
      entries.add(entry(job));
    }
    long[] codes = naming(entries, () -> send(entries));
    eviction.look();
    List<Enqueued> results = new ArrayList<>(jobs.size());
    for (int i = 0; i < codes.length; i++) {
      results.add(new Enqueued(entries.get(i).id(), outcome(codes[i])));
    }
    return results;
  }

  /**
   * Returns the enqueue of a job as a script call, to share a round trip with others on the same Redis
   * ({@link RedisAccess#evalAll}). Its options must give an id, since the call may be sent more than once. Its reply is for
   * {@link #outcome(ScriptReply)}. No round trip.
   *
   * @throws IllegalArgumentException if they do not
   */
  public <P> ScriptCall enqueueCall(JobType<P> type, P payload, EnqueueOptions options) {
    if (options.id().isEmpty()) {
      throw new IllegalArgumentException(
          "an enqueue sent together with other scripts needs an id: options.id(…)");
    }
    return new ScriptCall(
        Scripts.ENQUEUE, keys, arguments(List.of(entry(new NewJob<>(type, payload, options)))));
  }

  /**
   * Reads the reply to an {@link #enqueueCall}, and notes, as each call of this queue does, whether the data in Redis has
   * the version of this process. No round trip.
   *
   * @throws QueueVersionException if it has another one: nothing was enqueued
   * @throws RuntimeException the reply's failure, if it has another one
   */
  public Enqueued.Outcome outcome(ScriptReply reply) {
    List<?> codes = (List<?>) Objects.requireNonNull(read(reply));
    return outcome((Long) codes.get(0));
  }

  /** Does not migrate: the call is not made again. The next one of another kind does. */
  private @Nullable Object read(ScriptReply reply) {
    try {
      return agreeing(reply::get);
    } catch (JedisDataException refused) {
      Integer data = DataVersion.in(refused);
      throw data == null ? refused : dataVersion.refused(data);
    }
  }

  /** Returns where a job is; empty if it never was or has been forgotten. */
  public Optional<JobSnapshot> find(JobId id) {
    return snapshot(id, eval(Scripts.INSPECT, inspected(id)));
  }

  /**
   * As {@link #find} for several jobs, in one round trip.
   *
   * @param ids at most {@value #MOST_AT_ONCE}
   * @return where each is, in order
   * @throws IllegalArgumentException if there are more
   */
  public List<Optional<JobSnapshot>> findAll(List<JobId> ids) {
    if (ids.size() > MOST_AT_ONCE) {
      throw new IllegalArgumentException(
          "at most " + MOST_AT_ONCE + " jobs at once but were " + ids.size());
    }
    if (ids.isEmpty()) {
      return List.of();
    }
    List<ScriptCall> calls = ids.stream()
        .map(id -> new ScriptCall(Scripts.INSPECT, keys, inspected(id)))
        .toList();
    List<?> replies = (List<?>) Objects.requireNonNull(
        inVersion(() -> redis.evalAll(calls).stream().map(ScriptReply::get).toList()));
    List<Optional<JobSnapshot>> found = new ArrayList<>(ids.size());
    for (int i = 0; i < ids.size(); i++) {
      found.add(snapshot(ids.get(i), replies.get(i)));
    }
    return found;
  }

  private List<byte[]> inspected(JobId id) {
    return List.of(version(), bytes(id.value()));
  }

  /** Runs several scripts that take the same arguments, in one round trip, and returns the reply of each. */
  List<?> evalTogether(List<LuaScript> scripts, List<byte[]> args) {
    List<ScriptCall> calls =
        scripts.stream().map(script -> new ScriptCall(script, keys, args)).toList();
    return (List<?>) Objects.requireNonNull(
        inVersion(() -> redis.evalAll(calls).stream().map(ScriptReply::get).toList()));
  }

  /** Runs a script once for each list of arguments, in one round trip, and returns the reply of each, also if it is an error. */
  List<ScriptReply> repliesOfEach(LuaScript script, List<List<byte[]>> args) {
    List<ScriptCall> calls =
        args.stream().map(each -> new ScriptCall(script, keys, each)).toList();
    return redis.evalAll(calls);
  }

  static Optional<JobSnapshot> snapshot(JobId id, @Nullable Object inspected) {
    List<?> reply = (List<?>) Objects.requireNonNull(inspected);
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

  /** Returns the name for log lines. */
  String logName() {
    return logName;
  }

  RedisAccess redis() {
    return redis;
  }

  List<byte[]> keys() {
    return keys;
  }

  String key(String suffix) {
    return "q:{" + name + "}:" + suffix;
  }

  /** Returns the version of the data that this code reads and writes: the first argument of each script. */
  byte[] version() {
    return VERSION;
  }

  /** Returns whether this process may neither enqueue nor claim, because the data in Redis has another version. */
  boolean isOfAnotherVersion() {
    return dataVersion.differs();
  }

  /** Runs a script on the queue. */
  @Nullable
  Object eval(LuaScript script, List<byte[]> args) {
    return inVersion(() -> redis.eval(script, keys, args));
  }

  /** Runs a script on the queue, with time and connections for a reply of so many bytes. */
  @Nullable
  Object evalPayload(LuaScript script, List<byte[]> args, int replyBytes) {
    return inVersion(() -> redis.evalPayload(script, keys, args, replyBytes));
  }

  private @Nullable Object inVersion(Supplier<@Nullable Object> exchange) {
    try {
      return agreeing(exchange);
    } catch (JedisDataException refused) {
      Integer data = DataVersion.in(refused);
      if (data == null) {
        throw refused;
      }
      if (data < DataVersion.CURRENT && migrated()) {
        return agreeing(exchange);
      }
      throw dataVersion.refused(data);
    }
  }

  private @Nullable Object agreeing(Supplier<@Nullable Object> exchange) {
    Object reply = exchange.get();
    dataVersion.agrees();
    return reply;
  }

  private boolean migrated() {
    Object now = redis.eval(Scripts.MIGRATE, keys, List.of(version()));
    return Long.valueOf(DataVersion.CURRENT).equals(now);
  }

  /**
   * A job on its way to Redis.
   *
   * @param ready when, as in {@code enqueue.lua}
   */
  @SuppressWarnings("ArrayRecordComponent") // Never compared.
  record Entry(JobId id, byte[] ready, byte[] envelope) {}

  private <P> Entry entry(NewJob<P> job) {
    // What the job says itself holds.
    EnqueueOptions options = job.options().headersIfAbsent(headers.get());
    long now = clock.millis();
    return new Entry(
        options.id().orElseGet(() -> JobId.make(now)),
        bytes(options.ready()),
        Envelope.write(job.type(), job.payload(), options, now));
  }

  /** Returns what became of each, as in {@code enqueue.lua}. */
  private long[] send(List<Entry> entries) {
    List<?> codes = (List<?>) Objects.requireNonNull(eval(Scripts.ENQUEUE, arguments(entries)));
    return codes.stream().mapToLong(code -> (Long) code).toArray();
  }

  private List<byte[]> arguments(List<Entry> entries) {
    List<byte[]> args = new ArrayList<>(3 + 3 * entries.size());
    args.add(version());
    args.add(givenRemembered);
    args.add(madeRemembered);
    for (Entry entry : entries) {
      args.add(bytes(entry.id().value()));
      args.add(entry.ready());
      args.add(entry.envelope());
    }
    return args;
  }

  private static Enqueued.Outcome outcome(long code) {
    return code == 1
        ? Enqueued.Outcome.ADDED
        : code == 2 ? Enqueued.Outcome.ENDED : Enqueued.Outcome.PRESENT;
  }

  Retention retention() {
    return retention;
  }

  Clock clock() {
    return clock;
  }

  /** Returns what became of its jobs' side effects. */
  Effects effects() {
    return effects;
  }

  /** Returns whether this Redis may evict jobs; to be {@linkplain Eviction#look looked at} now and then. */
  Eviction eviction() {
    return eviction;
  }

  /** Collects what a {@link JobQueue} is built from. Not safe for use by several threads. */
  public static final class Builder {
    private final RedisAccess redis;
    private final String name;
    private Clock clock = Clock.system();
    private Supplier<Map<String, String>> headers = Map::of;
    private Retention retention = Retention.defaults();
    private final Set<String> accepted = new HashSet<>();

    private Builder(RedisAccess redis, String name) {
      this.redis = Objects.requireNonNull(redis);
      this.name = checked(name);
    }

    private static String checked(String name) {
      boolean plain = Texts.isWellFormed(name)
          && name.chars().noneMatch(c -> c == '{' || c == '}' || Character.isISOControl(c));
      int length = bytes(name).length;
      if (!plain || length < 1 || length > MOST_NAME_BYTES) {
        throw new IllegalArgumentException("a queue's name must be 1 to " + MOST_NAME_BYTES
            + " bytes as UTF-8, without braces, control characters and lone surrogates, but was "
            + Texts.quoted(name) + " of " + length);
      }
      return name;
    }

    /**
     * Gives each job the headers that {@code headers} returns when it is enqueued, on the caller's thread: a trace context,
     * say. Headers that the job's own options give hold instead. Default: none.
     */
    public Builder headers(Supplier<Map<String, String>> headers) {
      this.headers = Objects.requireNonNull(headers);
      return this;
    }

    /** Takes time from {@code clock}, for made ids and for {@link Job#enqueuedAt}. Default: {@link Clock#system()}. */
    public Builder clock(Clock clock) {
      this.clock = Objects.requireNonNull(clock);
      return this;
    }

    /** Sets how long jobs that have ended are remembered. Default: {@link Retention#defaults()}. */
    public Builder retention(Retention retention) {
      this.retention = Objects.requireNonNull(retention);
      return this;
    }

    /**
     * Takes a Redis that may evict jobs, because what it loses is enqueued again, by an outbox, say. Default: it is refused.
     *
     * @param policies its {@code maxmemory-policy}, or several: {@code "allkeys-lru"}
     * @throws IllegalArgumentException if one does not start with {@code allkeys-}: no other evicts jobs
     */
    public Builder acceptEviction(String... policies) {
      for (String policy : policies) {
        if (!Eviction.isOfAllKeys(policy)) {
          throw new IllegalArgumentException(
              "acceptEviction takes policies that evict any key, allkeys-…, but got " + policy);
        }
        accepted.add(policy);
      }
      return this;
    }

    /**
     * Builds the queue. One round trip, bounded by the deadline of {@link RedisAccess}; but Redis need not answer. If it does
     * not tell its policy now, or changes it later, nothing stops: one warning says so, and {@link QueueDepthMetrics} shows it.
     * Workers, those metrics and enqueues ask again each minute.
     *
     * @throws QueueException if Redis answers that it may evict jobs ({@code maxmemory-policy} {@code allkeys-*}), unless
     *     {@linkplain #acceptEviction that was accepted}
     */
    public JobQueue build() {
      JobQueue queue = new JobQueue(this);
      queue.eviction.check();
      return queue;
    }

    /** Builds one that is looked at alone, and so may be in any Redis. No round trip. */
    JobQueue toInspect() {
      return new JobQueue(this);
    }
  }
}
