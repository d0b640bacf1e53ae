package io.github.scalingtoolkit.queue;

import io.github.scalingtoolkit.core.internal.Check;
import io.github.scalingtoolkit.core.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Collects what a {@link Worker} is built from. Not safe for use by several threads. */
public final class WorkerBuilder {
  final List<Handled> handled = new ArrayList<>();
  private Handled current;
  int concurrency = 16;
  Duration lease = Duration.ofSeconds(15);
  int mostCrashes = 5;
  Priorities priorities = Priorities.strict();

  final List<JobMiddleware> middleware = new ArrayList<>();
  UnaryOperator<String> redaction = FailureText::masked;

  @Nullable
  Duration timeLimit;

  Clock clock = Clock.system();

  /** How often each queue is looked at, at least; null for the worker's choice. For tests. */
  @Nullable
  Duration look;

  /** A queue, and what is done with its jobs. */
  static final class Handled {
    final JobQueue queue;
    final Map<String, Runner.Handling<?>> handlings = new HashMap<>();

    /** Most jobs of a type at a time, for some types. */
    private final Map<String, Integer> limits = new HashMap<>();

    QueueListener listener = new QueueListener() {};

    private Handled(JobQueue queue) {
      this.queue = Objects.requireNonNull(queue);
    }

    /** Returns the types it handles and how many jobs of each may run at a time. */
    Map<String, Integer> types(int concurrency) {
      Map<String, Integer> types = new HashMap<>();
      handlings
          .keySet()
          .forEach(type ->
              types.put(type, Math.min(concurrency, limits.getOrDefault(type, concurrency))));
      return types;
    }

    private void check() {
      if (handlings.isEmpty()) {
        throw new IllegalStateException(
            "a worker of queue " + queue.logName() + " needs a handler: handle(type, …)");
      }
      for (String type : limits.keySet()) {
        if (!handlings.containsKey(type)) {
          throw new IllegalStateException("there is a concurrency for job type " + type
              + " of queue " + queue.logName() + " but no handler: handle(type, …)");
        }
      }
    }
  }

  WorkerBuilder(JobQueue queue) {
    current = new Handled(queue);
    handled.add(current);
  }

  /**
   * Runs jobs of {@code queue} as well: the handlers, limits of types and listener that follow are for that. All queues
   * share the worker's slots: while several have jobs to claim, their jobs take turns. On a standalone Redis one
   * connection waits for all queues; on a cluster, with several queues, the subscription of the Redis access brings
   * wake-up calls, for which its user needs the right to the channels {@code q:*}.
   *
   * @throws IllegalArgumentException if the worker has a queue of that name already, or {@code queue} uses another Redis
   *     access
   */
  public WorkerBuilder also(JobQueue queue) {
    for (Handled other : handled) {
      if (other.queue.name().equals(queue.name())) {
        throw new IllegalArgumentException("the worker has queue " + queue.logName() + " already");
      }
      if (other.queue.redis() != queue.redis()) {
        throw new IllegalArgumentException("queues " + other.queue.logName() + " and "
            + queue.logName() + " of one worker must use the same RedisAccess");
      }
    }
    current = new Handled(queue);
    handled.add(current);
    return this;
  }

  /** Runs jobs of {@code type} with {@code handler}; failed jobs are retried by {@link RetryPolicy#defaults()}. */
  public <P> WorkerBuilder handle(JobType<P> type, JobHandler<P> handler) {
    return handle(type, RetryPolicy.defaults(), handler);
  }

  /**
   * Runs jobs of {@code type} with {@code handler}; failed jobs are retried by {@code policy}, unless they have their own
   * ({@link EnqueueOptions#retries}).
   *
   * <p>A worker claims only jobs of types that have a handler here; all others wait for a worker that has one. A job whose
   * payload cannot be read as its type, or has a newer {@linkplain JobType#version version}, is put back for 10 s with no
   * attempt counted, until a worker that can read it claims it: during a rollout old workers meet new payloads. It is never
   * dropped; a warning names it. Fields of a JSON payload that its class does not have are ignored.
   *
   * @throws IllegalArgumentException if that type has a handler already
   */
  public <P> WorkerBuilder handle(JobType<P> type, RetryPolicy policy, JobHandler<P> handler) {
    Runner.Handling<P> handling = new Runner.Handling<>(
        type, Objects.requireNonNull(handler), Objects.requireNonNull(policy));
    if (current.handlings.putIfAbsent(type.name(), handling) != null) {
      throw new IllegalArgumentException("job type " + type.name() + " has a handler already");
    }
    return this;
  }

  /** Runs at most this many jobs at a time, of all queues together, 1 to 10,000. Default: 16. */
  public WorkerBuilder concurrency(int jobs) {
    if (jobs < 1 || jobs > 10_000) {
      throw new IllegalArgumentException("concurrency must be 1 to 10000 but was " + jobs);
    }
    concurrency = jobs;
    return this;
  }

  /**
   * Runs at most this many jobs of {@code type} of the current queue at a time, 1 to 10,000, within
   * {@link #concurrency(int)}. Default: as many as that. Other workers have their own limits.
   */
  public WorkerBuilder concurrency(JobType<?> type, int jobs) {
    if (jobs < 1 || jobs > 10_000) {
      throw new IllegalArgumentException(
          "concurrency of " + type.name() + " must be 1 to 10000 but was " + jobs);
    }
    current.limits.put(type.name(), jobs);
    return this;
  }

  /**
   * Serves the priorities by weight, and not strictly the first one first: each claim draws their order at random, so that
   * a priority is served first as often as its weight is of the sum of all. Default: strict.
   *
   * @param weights ten of them, for the priorities 0 to 9, each 1 to 1,000
   */
  public WorkerBuilder priorityWeights(int... weights) {
    priorities = Priorities.weighted(weights);
    return this;
  }

  /**
   * Ends a run after this time, 1 ms to 7 days: it counts as failed, its handler is interrupted, and its slot is free. A
   * job's own limit ({@link EnqueueOptions#timeLimit}) holds instead. Default: none.
   */
  public WorkerBuilder timeLimit(Duration limit) {
    timeLimit = Check.between("timeLimit", limit, Duration.ofMillis(1), Duration.ofDays(7));
    return this;
  }

  /**
   * Sets how long after this worker's last beat its jobs are taken over: 300 ms to 1 h. Default: 15 s. A job may
   * run for longer, since the lease is renewed.
   */
  public WorkerBuilder lease(Duration lease) {
    this.lease = Check.between("lease", lease, Duration.ofMillis(300), Duration.ofHours(1));
    return this;
  }

  /** Makes a job a dead letter once this many of its workers have died while running it, at least 1. Default: 5. */
  public WorkerBuilder mostCrashes(int crashes) {
    if (crashes < 1) {
      throw new IllegalArgumentException("mostCrashes must be >= 1 but was " + crashes);
    }
    mostCrashes = crashes;
    return this;
  }

  /**
   * Runs {@code middleware} round each handler. The first one that is added is the outermost. Default: none.
   */
  public WorkerBuilder around(JobMiddleware middleware) {
    this.middleware.add(Objects.requireNonNull(middleware));
    return this;
  }

  /**
   * Passes each message of an exception through {@code redaction} before Redis keeps it with the job ({@link
   * QueueInspector#failures}); {@code message -> ""} keeps none. Default: values of what is named like a password, secret,
   * token, cookie or key, bearer tokens, and credentials in URLs become three asterisks. If it throws or returns null, no
   * message is kept. Called on many threads at a time.
   */
  public WorkerBuilder redactMessages(UnaryOperator<String> redaction) {
    this.redaction = Objects.requireNonNull(redaction);
    return this;
  }

  /** Reports each run of the current queue's jobs to {@code listener}. Default: none. */
  public WorkerBuilder listener(QueueListener listener) {
    current.listener = Objects.requireNonNull(listener);
    return this;
  }

  /** Takes time from {@code clock}. Default: {@link Clock#system()}. */
  public WorkerBuilder clock(Clock clock) {
    this.clock = Objects.requireNonNull(clock);
    return this;
  }

  /**
   * Builds the worker and starts it. Does not need Redis to be up yet.
   *
   * @throws IllegalStateException if a queue has no handler, or the Redis access wraps a single client
   */
  public Worker start() {
    handled.forEach(Handled::check);
    current.queue.redis().blocking();
    Worker worker = new Worker(this);
    worker.start();
    return worker;
  }
}
