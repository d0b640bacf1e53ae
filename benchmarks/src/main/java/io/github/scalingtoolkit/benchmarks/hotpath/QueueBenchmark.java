package io.github.scalingtoolkit.benchmarks.hotpath;

import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.queue.Enqueued;
import io.github.scalingtoolkit.queue.JobOutcome;
import io.github.scalingtoolkit.queue.JobQueue;
import io.github.scalingtoolkit.queue.JobType;
import io.github.scalingtoolkit.queue.NewJob;
import io.github.scalingtoolkit.queue.Worker;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import redis.clients.jedis.RedisClient;

/**
 * A job on its way in, alone and in fifties, and all the way: enqueued, claimed, run by an empty handler, and ended. The
 * floors are a bare LPUSH, and LPUSH in fifties with RPOP in fifties, which lose what a dying worker holds.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(3)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class QueueBenchmark {
  private static final int BATCH = 50;
  private static final int JOBS = 1000;
  private static final JobType<String> NOTE = JobType.of("note", String.class);
  private static final String PAYLOAD = "p".repeat(100);

  /** A queue that is emptied between iterations. */
  @State(Scope.Benchmark)
  public static class Waiting {
    private final LocalRedis server = LocalRedis.start();
    private final RedisAccess redis =
        RedisAccess.builder(server.url()).deadline(Duration.ofSeconds(2)).build();
    private final RedisClient jedis = RedisClient.create(server.url());
    private final JobQueue queue = JobQueue.builder(redis, "notes").build();
    private final List<NewJob<?>> batch = batch();
    private final String[] texts = texts();

    private static List<NewJob<?>> batch() {
      List<NewJob<?>> batch = new ArrayList<>();
      for (int i = 0; i < BATCH; i++) {
        batch.add(new NewJob<>(NOTE, PAYLOAD));
      }
      return batch;
    }

    private static String[] texts() {
      String[] texts = new String[BATCH];
      java.util.Arrays.fill(texts, PAYLOAD);
      return texts;
    }

    /** Empties it. */
    @Setup(Level.Iteration)
    public void empty() {
      jedis.flushDB();
    }

    /** Ends everything. */
    @TearDown
    public void close() {
      redis.close();
      jedis.close();
      server.close();
    }
  }

  /** As above, with a worker. */
  @State(Scope.Benchmark)
  public static class Working {
    private final LocalRedis server = LocalRedis.start();
    private final RedisAccess redis =
        RedisAccess.builder(server.url()).deadline(Duration.ofSeconds(2)).build();
    private final JobQueue queue = JobQueue.builder(redis, "notes").build();
    private final Semaphore done = new Semaphore(0);
    private final Worker worker = Worker.builder(queue)
        .handle(NOTE, job -> {
          done.release();
          return JobOutcome.done();
        })
        .concurrency(64)
        .start();

    /** Ends everything. */
    @TearDown
    public void close() {
      worker.close();
      redis.close();
      server.close();
    }
  }

  /** One job: one round trip. */
  @Benchmark
  public Enqueued enqueue(Waiting to) {
    return to.queue.enqueue(NOTE, PAYLOAD);
  }

  /** Its floor. */
  @Benchmark
  public long lpush(Waiting to) {
    return to.jedis.lpush("list", PAYLOAD);
  }

  /** Fifty jobs: one round trip. */
  @Benchmark
  @OperationsPerInvocation(BATCH)
  public List<Enqueued> enqueueFifty(Waiting to) {
    return to.queue.enqueueAll(to.batch);
  }

  /** Its floor. */
  @Benchmark
  @OperationsPerInvocation(BATCH)
  public long lpushFifty(Waiting to) {
    return to.jedis.lpush("list", to.texts);
  }

  /** A job from its enqueue to its end, a thousand at a time. */
  @Benchmark
  @OperationsPerInvocation(JOBS)
  public void enqueueAndProcess(Working by) throws InterruptedException {
    List<NewJob<?>> jobs = new ArrayList<>(JOBS);
    for (int i = 0; i < JOBS; i++) {
      jobs.add(new NewJob<>(NOTE, PAYLOAD));
    }
    by.queue.enqueueAll(jobs);
    by.done.acquire(JOBS);
  }

  /** Its floor: in and out of a list, by fifties. */
  @Benchmark
  @OperationsPerInvocation(BATCH)
  public List<String> lpushAndRpopFifty(Waiting to) {
    to.jedis.lpush("list", to.texts);
    return to.jedis.rpop("list", BATCH);
  }
}
