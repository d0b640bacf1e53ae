package io.github.scalingtoolkit.core.health;

import io.github.scalingtoolkit.core.internal.Check;
import io.github.scalingtoolkit.core.lifecycle.BlockingThreads;
import io.github.scalingtoolkit.core.lifecycle.Loop;
import io.github.scalingtoolkit.core.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadFactory;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Checks dependencies in the background and remembers the results; {@link #snapshot} never waits for a check.
 *
 * <p>Each check runs on its own thread, one run at a time. A check that takes longer than its deadline counts as down, and
 * is not started again until it ends: a dependency that hangs for ever costs one thread. A check is down until it has first
 * answered, and again once its last answer is older than twice the interval plus the deadline (8 s by default):
 * then nothing checks it any more.
 *
 * <p>An exception of a check is shown only by its class, since messages of clients may contain addresses and credentials;
 * only {@link UnhealthyException} is shown with its message. A check that goes down, or is down from the start, is one
 * warning, and one more for each other reason, three at most; when it comes up, that is one more line.
 *
 * <p>Safe for use by several threads.
 */
public final class HealthRegistry implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(HealthRegistry.class);

  private final List<Probe> probes;
  private final Duration interval;
  private final Clock clock;
  private final Loop loop;

  private HealthRegistry(Builder builder) {
    interval = builder.interval;
    Duration deadline = builder.deadline;
    clock = builder.clock;
    ThreadFactory threads = BlockingThreads.platformFactory("health-check-");
    List<Probe> made = new ArrayList<>();
    for (Definition definition : builder.definitions) {
      made.add(
          new Probe(definition, deadline, interval.plus(deadline).multipliedBy(2), clock, threads));
    }
    probes = List.copyOf(made);
    Duration pause = Duration.ofNanos(Math.min(interval.toNanos() / 2, 250_000_000));
    // Should it fail, results grow old meanwhile, and then say so.
    loop = new Loop("health", () -> {
      doWork();
      return pause;
    });
  }

  /** Starts to build a registry. */
  public static Builder builder() {
    return new Builder();
  }

  /** Starts to check in the background, at once and then at each interval. */
  public void start() {
    loop.start();
  }

  /** Returns the results of the last checks. Never blocks. */
  public Health snapshot() {
    List<Health.Check> checks = new ArrayList<>(probes.size());
    Health.Status status = Health.Status.UP;
    for (Probe probe : probes) {
      Health.Check check = probe.check();
      checks.add(check);
      if (!check.up()) {
        status = check.required() || status == Health.Status.DOWN
            ? Health.Status.DOWN
            : Health.Status.DEGRADED;
      }
    }
    return new Health(status, checks);
  }

  /** Starts each check that is due and not running; returns how many. For callers that step it instead of using its thread. */
  int doWork() {
    int started = 0;
    for (Probe probe : probes) {
      if (probe.startIfDue(interval)) {
        started++;
      }
    }
    return started;
  }

  /** Stops checking. Running checks end by themselves. */
  @Override
  public void close() {
    loop.close();
  }

  private enum Need {
    ALWAYS,
    TO_START,
    NEVER
  }

  private record Definition(String name, Need need, Runnable check) {}

  /**
   * The last known state of one dependency: one immutable value, replaced as a whole. What a run found is known at the
   * moment at which it ends: a caller that has seen it can start the next.
   */
  private static final class Probe {
    private static final int MOST_TOLD = 3;

    private record Known(
        boolean up, @Nullable String message, long sinceNanos, long learntNanos, boolean running) {
      Known running(boolean now) {
        return new Known(up, message, sinceNanos, learntNanos, now);
      }
    }

    private final Definition definition;
    private final Duration deadline;
    private final Duration oldest;
    private final Clock clock;
    private final ThreadFactory threads;

    /** Replaced by the thread of the run that is under way, and between runs by the caller that starts one. */
    private volatile Known known;

    private volatile long startedAt;
    private volatile boolean everStarted;
    private volatile boolean everUp;
    private final Set<String> told = ConcurrentHashMap.newKeySet();

    Probe(
        Definition definition,
        Duration deadline,
        Duration oldest,
        Clock clock,
        ThreadFactory threads) {
      this.deadline = deadline;
      this.oldest = oldest;
      this.definition = definition;
      this.clock = clock;
      this.threads = threads;
      long now = clock.nanoTime();
      known = new Known(false, "not checked yet", now, now, false);
    }

    boolean startIfDue(Duration interval) {
      long now = clock.nanoTime();
      if (known.running || (everStarted && now - startedAt < interval.toNanos())) {
        return false;
      }
      startedAt = now;
      everStarted = true;
      known = known.running(true);
      try {
        threads.newThread(this::run).start();
      } catch (Throwable noThread) {
        // For any reason: a check that is never started again would be down for ever.
        known = known.running(false);
        known = learnt(false, "no thread to ask with");
      }
      return true;
    }

    private void run() {
      Known after = known.running(false);
      try {
        after = ask();
      } finally {
        known = after;
      }
    }

    private Known ask() {
      try {
        definition.check.run();
        long took = clock.nanoTime() - startedAt;
        return took > deadline.toNanos()
            ? learnt(false, "answered only after " + Duration.ofNanos(took).toMillis() + " ms")
            : learnt(true, null);
      } catch (UnhealthyException known) {
        return learnt(false, known.getMessage());
      } catch (Throwable failure) {
        return learnt(false, failure.getClass().getSimpleName());
      }
    }

    /** Returns what is known from now on, and logs it if it is new. */
    private Known learnt(boolean up, @Nullable String message) {
      Known before = known;
      if (up) {
        everUp = true;
        if (!before.up) {
          log.info("health check={} up=true", definition.name);
        }
        told.clear();
      } else if (told.size() < MOST_TOLD && told.add(String.valueOf(message))) {
        log.warn("health check={} up=false cause=\"{}\"", definition.name, message);
      }
      long now = clock.nanoTime();
      return new Known(up, message, before.up == up ? before.sinceNanos : now, now, false);
    }

    private boolean isRequired() {
      return definition.need == Need.ALWAYS || (definition.need == Need.TO_START && !everUp);
    }

    Health.Check check() {
      Known current = known;
      // In this order: what runs has begun at that moment or later.
      long began = startedAt;
      long now = clock.nanoTime();
      if (current.running && now - began > deadline.toNanos()) {
        Duration since = Duration.ofNanos(now - began);
        return new Health.Check(
            definition.name,
            isRequired(),
            false,
            "no answer for " + since.toMillis() + " ms",
            since);
      }
      long age = now - current.learntNanos;
      if (current.up && age > oldest.toNanos()) {
        return new Health.Check(
            definition.name,
            isRequired(),
            false,
            "not checked for " + Duration.ofNanos(age).toMillis() + " ms",
            Duration.ofNanos(age - oldest.toNanos()));
      }
      return new Health.Check(
          definition.name,
          isRequired(),
          current.up,
          current.message,
          Duration.ofNanos(now - current.sinceNanos));
    }
  }

  /** Collects what a {@link HealthRegistry} is built from. Not safe for use by several threads. */
  public static final class Builder {
    private final List<Definition> definitions = new ArrayList<>();
    private static final Duration LONGEST = Duration.ofDays(1);

    private Duration interval = Duration.ofSeconds(1);
    private Duration deadline = Duration.ofSeconds(3);
    private Clock clock = Clock.system();

    private Builder() {}

    /** Adds a dependency without which the process cannot serve; {@code check} throws if it does not answer. */
    public Builder required(String name, Runnable check) {
      return add(new Definition(name, Need.ALWAYS, Objects.requireNonNull(check)));
    }

    /**
     * Adds a dependency that the process must have reached once before it can serve; from its first answer on it counts as
     * optional. For one that all processes share: if each of them stopped serving without it, none would be left to serve
     * what does not need it.
     */
    public Builder requiredToStart(String name, Runnable check) {
      return add(new Definition(name, Need.TO_START, Objects.requireNonNull(check)));
    }

    /** Adds a dependency without which the process can still serve. */
    public Builder optional(String name, Runnable check) {
      return add(new Definition(name, Need.NEVER, Objects.requireNonNull(check)));
    }

    /** Checks each dependency this often: above zero, at most a day. Default: 1 s. */
    public Builder interval(Duration interval) {
      this.interval = Check.positive("interval", interval, LONGEST);
      return this;
    }

    /** Counts a check that takes longer as down: above zero, at most a day. Default: 3 s. */
    public Builder deadline(Duration deadline) {
      this.deadline = Check.positive("deadline", deadline, LONGEST);
      return this;
    }

    /** Takes time from {@code clock}. Default: {@link Clock#system()}. */
    public Builder clock(Clock clock) {
      this.clock = Objects.requireNonNull(clock);
      return this;
    }

    /** Builds the registry; {@link HealthRegistry#start} sets it going. */
    public HealthRegistry build() {
      return new HealthRegistry(this);
    }

    private Builder add(Definition definition) {
      if (definitions.stream().anyMatch(other -> other.name.equals(definition.name))) {
        throw new IllegalArgumentException(
            "there is a check named " + definition.name + " already");
      }
      definitions.add(definition);
      return this;
    }
  }
}
