package io.github.scalingtoolkit.cache;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.core.time.Deadline;
import io.github.scalingtoolkit.testing.Await;
import java.time.Duration;
import java.util.Arrays;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What the tests of this module share: patient connections, caches of text, and threads that are waited for. */
final class Fixture {
  private Fixture() {}

  /** An access whose deadline a busy machine keeps. */
  static RedisAccess patient(String url) {
    return RedisAccess.builder(url).deadline(Duration.ofSeconds(10)).build();
  }

  static String name() {
    return "c" + UUID.randomUUID().toString().substring(0, 8);
  }

  static CacheAsideBuilder<String, String> texts(RedisAccess redis, String name) {
    return CacheAside.builder(redis, name, Codec.utf8()).timeToLive(Duration.ofMinutes(5));
  }

  static CacheAsideBuilder<String, String> localTexts(RedisAccess redis, String name) {
    return texts(redis, name).local(1000, Duration.ofMinutes(5));
  }

  static <V> CacheAside<String, V> live(CacheAside<String, V> cache) {
    Await.until("local entries are live", cache::localLive);
    return cache;
  }

  /** What stands in Redis for a key, as text, or null. */
  static @Nullable String standing(RedisAccess redis, String cache, String key) {
    byte[] entry = redis.commands().get(("tc:" + cache + ":" + key).getBytes(UTF_8));
    return entry == null ? null : new String(entry, UTF_8);
  }

  static <T> CompletableFuture<T> async(Callable<T> task) {
    CompletableFuture<T> future = new CompletableFuture<>();
    Thread thread = new Thread(() -> {
      try {
        future.complete(task.call());
      } catch (Throwable failure) {
        future.completeExceptionally(failure);
      }
    });
    thread.setDaemon(true);
    thread.start();
    return future;
  }

  static <T> T value(CompletableFuture<T> future) {
    try {
      return future.get(30, TimeUnit.SECONDS);
    } catch (Exception failure) {
      throw new AssertionError(failure);
    }
  }

  /** Runs a read that does not wait for a lease of a minute to end: its time is over long before. */
  static <T> T soon(Supplier<T> read) {
    return Deadline.after(Duration.ofSeconds(20), Clock.system()).call(read::get);
  }

  /** Tells whether a thread waits for another one's load. */
  static boolean waits(@Nullable Thread thread) {
    if (thread == null) {
      return false;
    }
    Thread.State state = thread.getState();
    return (state == Thread.State.WAITING || state == Thread.State.TIMED_WAITING)
        && Arrays.stream(thread.getStackTrace())
            .anyMatch(frame -> frame.getClassName().endsWith("cache.Flight"));
  }

  static void await(CountDownLatch latch) {
    try {
      if (!latch.await(30, TimeUnit.SECONDS)) {
        throw new AssertionError("waited 30 s in vain");
      }
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
