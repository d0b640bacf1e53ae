package io.github.scalingtoolkit.cache;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Counts what a cache does, in Micrometer. Needs micrometer-core on the path, which the toolkit does not bring.
 *
 * <pre>{@code
 * CacheAside<String, Todo> todos = CacheAside.builder(redis, "todos", codec)
 *     .timeToLive(Duration.ofMinutes(5))
 *     .listener(CacheMetrics.of(registry, "todos"))
 *     .build();
 * CacheMetrics.bind(registry, todos);
 * }</pre>
 *
 * <ul>
 *   <li>{@code toolkit.cache.gets{cache,outcome=l1_hit|l2_hit|loaded|bypass}}: values returned
 *   <li>{@code toolkit.cache.loads{cache,result=ok|failed}}: runs of loaders, with their time
 *   <li>{@code toolkit.cache.fills{cache,result=stored|refused}}: loaded values stored in Redis, or not
 *   <li>{@code toolkit.cache.invalidations{cache,result=reached|journaled|replayed}}
 *   <li>{@code toolkit.cache.problems{cache,problem}}: what makes it serve less, one for each {@link CacheProblem}
 *   <li>{@code toolkit.cache.journal{cache}}, {@code toolkit.cache.local.entries{cache}},
 *       {@code toolkit.cache.local.live{cache}}: as they are now ({@link #bind})
 * </ul>
 *
 * <p>Safe for use by several threads.
 */
public final class CacheMetrics implements CacheListener {
  private final Map<Outcome, Counter> gets = new EnumMap<>(Outcome.class);
  private final Timer loadsOk;
  private final Timer loadsFailed;
  private final Counter stored;
  private final Counter refused;
  private final Counter reached;
  private final Counter journaled;
  private final Counter replayed;
  private final Map<CacheProblem, Counter> problems = new EnumMap<>(CacheProblem.class);

  private CacheMetrics(MeterRegistry registry, String cache) {
    for (Outcome outcome : Outcome.values()) {
      gets.put(
          outcome,
          counter(
              registry,
              "toolkit.cache.gets",
              "Reads by where the value came from",
              cache,
              "outcome",
              outcome.name().toLowerCase(Locale.ROOT)));
    }
    loadsOk = loads(registry, cache, "ok");
    loadsFailed = loads(registry, cache, "failed");
    stored = fills(registry, cache, "stored");
    refused = fills(registry, cache, "refused");
    reached = invalidations(registry, cache, "reached");
    journaled = invalidations(registry, cache, "journaled");
    replayed = invalidations(registry, cache, "replayed");
    for (CacheProblem problem : CacheProblem.values()) {
      problems.put(
          problem,
          counter(
              registry,
              "toolkit.cache.problems",
              "Times that the cache served less than it promises",
              cache,
              "problem",
              problem.name().toLowerCase(Locale.ROOT)));
    }
  }

  /** Returns the listener that counts for the cache of this name. */
  public static CacheMetrics of(MeterRegistry registry, String cache) {
    return new CacheMetrics(registry, cache);
  }

  /** Shows a cache's journal and memory. */
  public static void bind(MeterRegistry registry, CacheAside<?, ?> cache) {
    Gauge.builder("toolkit.cache.journal", cache, CacheAside::journalSize)
        .description("Invalidations that wait for Redis")
        .tag("cache", cache.name())
        .register(registry);
    Gauge.builder("toolkit.cache.local.entries", cache, CacheAside::localSize)
        .description("Values in this process")
        .tag("cache", cache.name())
        .register(registry);
    Gauge.builder("toolkit.cache.local.live", cache, live -> live.localLive() ? 1 : 0)
        .description(
            "Whether values of this process are in use: 1, or 0 while invalidations may be missed")
        .tag("cache", cache.name())
        .register(registry);
  }

  @Override
  public void onGet(Outcome outcome) {
    Counter counter = gets.get(outcome);
    if (counter != null) {
      counter.increment();
    }
  }

  @Override
  public void onLoad(long nanos, boolean succeeded) {
    (succeeded ? loadsOk : loadsFailed).record(nanos, TimeUnit.NANOSECONDS);
  }

  @Override
  public void onFill(boolean kept) {
    (kept ? stored : refused).increment();
  }

  @Override
  public void onInvalidation(boolean arrived) {
    (arrived ? reached : journaled).increment();
  }

  @Override
  public void onReplay() {
    replayed.increment();
  }

  @Override
  public void onProblem(CacheProblem problem) {
    Counter counter = problems.get(problem);
    if (counter != null) {
      counter.increment();
    }
  }

  private static Timer loads(MeterRegistry registry, String cache, String result) {
    return Timer.builder("toolkit.cache.loads")
        .description("Loads from the source of the values")
        .tags("cache", cache, "result", result)
        .register(registry);
  }

  private static Counter fills(MeterRegistry registry, String cache, String result) {
    return counter(
        registry,
        "toolkit.cache.fills",
        "Loaded values by whether Redis took them",
        cache,
        "result",
        result);
  }

  private static Counter invalidations(MeterRegistry registry, String cache, String result) {
    return counter(
        registry,
        "toolkit.cache.invalidations",
        "Invalidations by whether they reached Redis",
        cache,
        "result",
        result);
  }

  private static Counter counter(
      MeterRegistry registry,
      String name,
      String description,
      String cache,
      String key,
      String value) {
    return Counter.builder(name)
        .description(description)
        .tags("cache", cache, key, value)
        .register(registry);
  }
}
