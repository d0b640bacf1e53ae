package io.github.scalingtoolkit.benchmarks.invalidation;

import io.github.scalingtoolkit.cache.CacheAside;
import io.github.scalingtoolkit.cache.Cached;
import io.github.scalingtoolkit.cache.Codec;
import io.github.scalingtoolkit.core.redis.RedisAccess;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;

/**
 * Two caches with local entries and connections of their own, as two processes have them: one reads and keeps, the other
 * writes. From the return of the write it is counted how long the reader still has its old entry.
 *
 * <p>The store that is written to is a variable of this process and costs nothing, which is the worst case: the
 * invalidation is published before the store is written, and whatever the store takes is time that it gains.
 */
public final class Invalidation implements AutoCloseable {
  private static final Duration DEADLINE = Duration.ofSeconds(2);
  private static final Duration LONGEST = Duration.ofSeconds(10);
  private static final int KEYS = 1000;

  private final RedisAccess readers;
  private final RedisAccess writers;
  private final CacheAside<String, String> reader;
  private final CacheAside<String, String> writer;
  private final AtomicBoolean over = new AtomicBoolean();

  /** Opens both caches on the Redis at {@code url}. */
  public Invalidation(String url) {
    readers = RedisAccess.builder(url).name("readers").deadline(DEADLINE).build();
    writers = RedisAccess.builder(url).name("writers").deadline(DEADLINE).build();
    reader = cache(readers);
    writer = cache(writers);
  }

  /**
   * Writes one after the other while {@code others} threads write other keys as fast as they can, and returns the
   * nanoseconds from the return of a write until the reader's entry was gone: 0 if it was gone already.
   *
   * @throws TimeoutException if an entry outlives its write by ten seconds
   */
  public Histogram measure(int writes, int others) throws InterruptedException, TimeoutException {
    awaitLocal();
    Histogram unseen = new Histogram(LONGEST.toNanos(), 3);
    over.set(false);
    Thread[] busy = new Thread[others];
    for (int i = 0; i < others; i++) {
      String key = "other-" + i;
      busy[i] = new Thread(() -> writeUntilOver(key), "other-writer-" + i);
      busy[i].start();
    }
    try {
      for (int i = 0; i < writes; i++) {
        unseen.recordValue(writeOnce("key-" + i % KEYS));
      }
    } finally {
      over.set(true);
      for (Thread each : busy) {
        each.join();
      }
    }
    return unseen;
  }

  private long writeOnce(String key) throws TimeoutException {
    Cached<String> kept = null;
    while (kept == null) {
      reader.get(key, missing -> "old");
      kept = reader.peekLocal(key);
    }
    writer.write(key, () -> {});
    long returned = System.nanoTime();
    boolean gone = reader.peekLocal(key) == null;
    if (gone) {
      return 0;
    }
    while (reader.peekLocal(key) != null) {
      if (System.nanoTime() - returned > LONGEST.toNanos()) {
        throw new TimeoutException("the entry of " + key + " outlived its write by " + LONGEST);
      }
      Thread.yield();
    }
    return System.nanoTime() - returned;
  }

  private void writeUntilOver(String key) {
    while (!over.get()) {
      writer.write(key, () -> {});
    }
  }

  private void awaitLocal() throws TimeoutException {
    long began = System.nanoTime();
    while (!reader.localLive()) {
      if (System.nanoTime() - began > LONGEST.toNanos()) {
        throw new TimeoutException("the reader has not subscribed within " + LONGEST);
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
    }
  }

  private static CacheAside<String, String> cache(RedisAccess redis) {
    return CacheAside.<String>builder(redis, "invalidation", Codec.utf8())
        .timeToLive(Duration.ofHours(1))
        .local(10_000, Duration.ofHours(1))
        .build();
  }

  @Override
  public void close() {
    reader.close();
    writer.close();
    readers.close();
    writers.close();
  }
}
