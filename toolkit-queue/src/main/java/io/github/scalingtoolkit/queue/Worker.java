package io.github.scalingtoolkit.queue;

import io.github.scalingtoolkit.core.lifecycle.BlockingThreads;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Runs the jobs of one queue or several in this process until it is closed.
 *
 * <p><b>Loops.</b> For each queue, the <i>stepper</i> ends finished jobs, and claims as many jobs as there are free slots:
 * one round trip; the <i>beater</i> renews the worker's lease every third of it, looks for jobs every 6 s at least, and
 * takes over the jobs of workers whose leases have ended; if the queue has {@link Schedules}, the <i>planner</i> enqueues the
 * jobs of slots that are due. For all queues, the <i>waiter</i> blocks in Redis until there is
 * work; on a cluster with several queues a subscription does that. Each loop survives every failure of Redis, and retries.
 *
 * <p><b>Several queues</b> share the slots: while more than one has jobs to claim, each gets its even share, and their jobs
 * take turns. A queue whose node of a cluster does not answer takes nothing from the others.
 *
 * <p><b>A worker that does not reach Redis for a lease</b> loses its jobs to others: their handlers are interrupted
 * ({@link Job#cancelled}), their slots are free at once, and what they return changes nothing. If Redis itself was silent,
 * the first worker that reaches it again gives the others a lease more before it takes over their jobs.
 *
 * <p><b>An end is never dropped.</b> While Redis is out of reach, ends wait here and keep their jobs' slots. A lease
 * that expires meanwhile lets another worker take the job, and the late end is refused: the job ran twice, and its state is
 * correct.
 *
 * <p>Safe for use by several threads.
 */
public final class Worker implements AutoCloseable {
  private static final Duration DRAIN = Duration.ofSeconds(10);

  /** So that five queues need less than a request a second, with the waiter's. */
  static final Duration LOOK = Duration.ofSeconds(6);

  /** A published call may be lost, so this is shorter. */
  private static final Duration LOOK_WITHOUT_WAITER = Duration.ofSeconds(5);

  private final SlotPool pool;
  private final ExecutorService handlers;
  private final List<Station> stations;
  private final Calls calls;
  private final AtomicBoolean closing = new AtomicBoolean();

  Worker(WorkerBuilder builder) {
    pool = new SlotPool(builder.concurrency);
    JobQueue first = builder.handled.get(0).queue;
    // As many again for handlers that go on though they were interrupted: their slots are free.
    handlers = BlockingThreads.executor("job-" + first.logName() + "-", 2 * builder.concurrency);
    boolean byBlocking = builder.handled.size() == 1 || !first.redis().isCluster();
    Duration usual = byBlocking ? LOOK : LOOK_WITHOUT_WAITER;
    Station.Shared shared =
        new Station.Shared(pool, handlers, this::idle, builder.look == null ? usual : builder.look);
    String name = ProcessHandle.current().pid() + "-" + UUID.randomUUID();
    stations = builder.handled.stream()
        .map(handled -> new Station(name, handled, builder, shared))
        .toList();
    calls = byBlocking ? new BlockingCalls(stations) : new PublishedCalls(stations);
  }

  /** Starts to build a worker of {@code queue}. */
  public static WorkerBuilder builder(JobQueue queue) {
    return new WorkerBuilder(queue);
  }

  void start() {
    calls.start();
    stations.forEach(Station::start);
  }

  /** Returns how many jobs are running now, including those whose end is being sent to Redis. */
  public int running() {
    return pool.taken();
  }

  /** As {@link #close(Duration)} with 10 seconds. */
  @Override
  public void close() {
    close(DRAIN);
  }

  /**
   * Claims nothing more, waits up to {@code drain} for running jobs, interrupts the rest, and returns them to their queues:
   * other workers run them at once, and no attempt is counted. Closing again does nothing. May take up to two seconds more
   * than {@code drain} for each queue, for Redis.
   */
  public void close(Duration drain) {
    if (!closing.compareAndSet(false, true)) {
      return;
    }
    stations.forEach(Station::stop);
    try {
      pool.awaitAllFree(drain);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    stations.forEach(Station::handBack);
    stations.forEach(Station::closeLoops);
    handlers.shutdownNow();
    calls.close();
    stations.forEach(Station::leave);
  }

  private void idle() {
    calls.idle();
  }
}
