package peers;

import java.io.Serializable;
import java.util.concurrent.Semaphore;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.redisson.api.RScheduledExecutorService;
import org.redisson.api.RedissonClient;
import org.redisson.api.WorkerOptions;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** Redisson's executor: a job on its way in, and from there to its end, two hundred at a time. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(3)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class RedissonJobs {
  private static final int JOBS = 200;
  static final Semaphore DONE = new Semaphore(0);

  private final RedissonClient client = Redis.connect();
  private final RScheduledExecutorService working = worker();
  private final RScheduledExecutorService waiting = client.getExecutorService("peer-waiting");
  private final String payload = "p".repeat(100);

  private RScheduledExecutorService worker() {
    RScheduledExecutorService service = client.getExecutorService("peer-working");
    service.registerWorkers(WorkerOptions.defaults().workers(64));
    return service;
  }

  /** What it runs. */
  public static final class Note implements Runnable, Serializable {
    private static final long serialVersionUID = 1L;
    private final String payload;

    Note(String payload) {
      this.payload = payload;
    }

    @Override
    public void run() {
      DONE.release();
    }
  }

  /** Ends the client and leaves nothing in Redis. */
  @TearDown
  public void close() {
    working.delete();
    waiting.delete();
    client.shutdown();
  }

  /** One job. */
  @Benchmark
  public Object enqueue() {
    return waiting.submit(new Note(payload));
  }

  /** A job from its enqueue to its end. */
  @Benchmark
  @OperationsPerInvocation(JOBS)
  public void enqueueAndProcess() throws InterruptedException {
    for (int i = 0; i < JOBS; i++) {
      working.execute(new Note(payload));
    }
    DONE.acquire(JOBS);
  }
}
