package io.github.scalingtoolkit.cache;

import io.github.scalingtoolkit.core.lifecycle.Loop;
import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.core.redis.RedisFailure;
import io.github.scalingtoolkit.core.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells of each {@link CacheProblem}: the log when it begins and when it is over, the listener each time.
 *
 * <p>Safe for use by several threads. Never throws.
 */
final class Problems {
  private static final Logger log = LoggerFactory.getLogger(Problems.class);
  private static final Duration QUIET = Duration.ofMinutes(1);

  private final String cache;
  private final RedisAccess redis;
  private final CacheListener listener;
  private final Clock clock;
  private final Runnable onFirst;
  private final Map<CacheProblem, Episode> episodes = new ConcurrentHashMap<>();

  /** A time in which a problem is met again and again. */
  private static final class Episode {
    private final AtomicLong times = new AtomicLong();
    private volatile long lastNanos;
  }

  /** @param onFirst called when there is something to {@link #settle} */
  Problems(String cache, RedisAccess redis, CacheListener listener, Clock clock, Runnable onFirst) {
    this.cache = cache;
    this.redis = redis;
    this.listener = listener;
    this.clock = clock;
    this.onFirst = onFirst;
  }

  /**
   * Notes a problem.
   *
   * @param cause what is wrong, without anything of keys and values
   * @param action what to do about it
   */
  void met(CacheProblem problem, Supplier<String> cause, String action) {
    Episode episode = episodes.computeIfAbsent(problem, first -> new Episode());
    episode.lastNanos = clock.nanoTime();
    if (episode.times.getAndIncrement() == 0) {
      log.warn(
          "cache={} problem={} cause=\"{}\" action=\"{}\"",
          cache,
          name(problem),
          cause.get(),
          action);
      onFirst.run();
    }
    listener.onProblem(problem);
  }

  /** Notes a failed call, if Redis has answered it. Of one that is out of reach its breaker tells, of credentials the access. */
  void failed(Throwable failure) {
    boolean forbidden = RedisFailure.isForbidden(failure);
    if (forbidden || RedisFailure.of(failure) == RedisFailure.COMMAND) {
      met(
          CacheProblem.REFUSED,
          () -> redis.explain(failure),
          forbidden
              ? "grant " + grants() + "; until then values are loaded past the cache"
              : "see its memory, its disk and its log; what it still serves is served");
    }
  }

  /** Notes what Redis answered to a script that invalidates. */
  void published(@Nullable Object reply) {
    if (reply instanceof List<?>) {
      met(
          CacheProblem.UNPUBLISHED,
          () -> "Redis refuses PUBLISH: other processes keep old values in memory for up to"
              + " their cap",
          "grant +publish &tc:" + cache);
    }
  }

  private String grants() {
    return "~tc:" + cache + ":* &tc:" + cache
        + " +get +mget +getrange +set +del +pttl +pexpire +time +publish +eval +evalsha,"
        + " with memory +subscribe +unsubscribe +ping, and on a cluster +cluster +asking";
  }

  /** Logs what is over. Returns how long until the next may be. */
  Duration settle() {
    long now = clock.nanoTime();
    episodes.forEach((problem, episode) -> {
      if (now - episode.lastNanos >= QUIET.toNanos() && episodes.remove(problem, episode)) {
        log.info(
            "cache={} problem={} state=over times={}", cache, name(problem), episode.times.get());
      }
    });
    return episodes.isEmpty() ? Loop.UNTIL_WOKEN : QUIET;
  }

  private static String name(CacheProblem problem) {
    return problem.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
