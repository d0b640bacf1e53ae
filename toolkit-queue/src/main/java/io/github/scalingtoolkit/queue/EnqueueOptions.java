package io.github.scalingtoolkit.queue;

import io.github.scalingtoolkit.core.internal.Check;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** How a job is enqueued. Immutable; each method that takes a value returns another. */
public final class EnqueueOptions {
  private static final Duration LONGEST = Duration.ofDays(3650);
  private static final Instant YEAR_10000 = Instant.parse("+10000-01-01T00:00:00Z");
  private static final int MOST_HEADERS = 32;
  private static final int MOST_HEADER_BYTES = 8192;
  private static final EnqueueOptions DEFAULTS = new EnqueueOptions();

  // Each is set before the object is given away, and never again.
  private @Nullable JobId id;
  private Duration delay = Duration.ZERO;
  private @Nullable Instant notBefore;
  private int priority = 5;
  private int maxAttempts = 5;
  private Map<String, String> headers = Map.of();
  private @Nullable Duration timeLimit;
  private @Nullable Instant deadline;
  private @Nullable RetryPolicy retries;

  private EnqueueOptions() {}

  private EnqueueOptions(EnqueueOptions other) {
    id = other.id;
    delay = other.delay;
    notBefore = other.notBefore;
    priority = other.priority;
    maxAttempts = other.maxAttempts;
    headers = other.headers;
    timeLimit = other.timeLimit;
    deadline = other.deadline;
    retries = other.retries;
  }

  /** Returns the defaults: ready now, priority 5, 5 attempts, and an id that is made. */
  public static EnqueueOptions defaults() {
    return DEFAULTS;
  }

  /**
   * Names the job, which makes it unique. With {@link JobId#random()} an enqueue whose outcome is unknown can be repeated
   * for 24 hours after the job's end.
   */
  public EnqueueOptions id(JobId id) {
    EnqueueOptions copy = new EnqueueOptions(this);
    copy.id = Objects.requireNonNull(id, "id");
    return copy;
  }

  /**
   * Makes the job ready only after {@code delay}, by the clock of Redis. Default: zero. Replaces {@link #notBefore}.
   *
   * @throws IllegalArgumentException if it is not 0 to ten years
   */
  public EnqueueOptions delay(Duration delay) {
    EnqueueOptions copy = new EnqueueOptions(this);
    copy.delay = Check.between("delay", delay, Duration.ZERO, LONGEST);
    copy.notBefore = null;
    return copy;
  }

  /**
   * Makes the job ready only at {@code time}, by the clock of Redis; at once if that is over. Default: at once. Replaces
   * {@link #delay}.
   *
   * @param time from 1970 on, to the year 9999
   * @throws IllegalArgumentException if it is out of bounds
   */
  public EnqueueOptions notBefore(Instant time) {
    EnqueueOptions copy = new EnqueueOptions(this);
    copy.notBefore = epoch("notBefore", time);
    copy.delay = Duration.ZERO;
    return copy;
  }

  /**
   * Runs the job before jobs with a higher number and after jobs with a lower number. Default: 5.
   *
   * @param priority 0 (first) to 9 (last)
   * @throws IllegalArgumentException if it is out of bounds
   */
  public EnqueueOptions priority(int priority) {
    if (priority < 0 || priority > 9) {
      throw new IllegalArgumentException("priority must be 0 to 9 but was " + priority);
    }
    EnqueueOptions copy = new EnqueueOptions(this);
    copy.priority = priority;
    return copy;
  }

  /**
   * Lets the job fail this often before it is dead. Default: 5.
   *
   * @param maxAttempts 1 to 999
   * @throws IllegalArgumentException if it is out of bounds
   */
  public EnqueueOptions maxAttempts(int maxAttempts) {
    if (maxAttempts < 1 || maxAttempts > 999) {
      throw new IllegalArgumentException("maxAttempts must be 1 to 999 but was " + maxAttempts);
    }
    EnqueueOptions copy = new EnqueueOptions(this);
    copy.maxAttempts = maxAttempts;
    return copy;
  }

  /**
   * Gives the job a header, for what is not its payload: a trace context, a tenant. Replaces one of that name. Headers are
   * kept in Redis with the job, so they must hold no secret.
   *
   * @param name 1 to 64 letters, digits, dots, dashes or underscores
   * @param value any text without lone surrogates. At most 32 headers, with 8,192 bytes of names and values as UTF-8
   * @throws IllegalArgumentException if a bound is exceeded
   */
  public EnqueueOptions header(String name, String value) {
    return headers(Collections.singletonMap(name, value));
  }

  /** As {@link #headers(Map)}, but existing ones win. */
  EnqueueOptions headersIfAbsent(Map<String, String> others) {
    return others.isEmpty() ? this : headers(others).headers(headers);
  }

  /** As {@link #header} for each entry. */
  public EnqueueOptions headers(Map<String, String> headers) {
    if (Objects.requireNonNull(headers, "headers").isEmpty()) {
      return this;
    }
    Map<String, String> all = new TreeMap<>(this.headers);
    headers.forEach((name, value) -> {
      Check.name("a header's name", Objects.requireNonNull(name, "a header's name"));
      Objects.requireNonNull(value, () -> "the value of header " + name);
      if (!Texts.isWellFormed(value)) {
        throw new IllegalArgumentException(
            "header " + name + " must have a value without lone surrogates");
      }
      all.put(name, value);
    });
    int bytes = all.entrySet().stream()
        .mapToInt(header ->
            Scripts.bytes(header.getKey()).length + Scripts.bytes(header.getValue()).length)
        .sum();
    if (all.size() > MOST_HEADERS || bytes > MOST_HEADER_BYTES) {
      throw new IllegalArgumentException("there must be at most " + MOST_HEADERS + " headers with "
          + MOST_HEADER_BYTES + " bytes but were " + all.size() + " with " + bytes
          + ": put what is large into the payload");
    }
    EnqueueOptions copy = new EnqueueOptions(this);
    copy.headers = Map.copyOf(all);
    return copy;
  }

  /**
   * Ends a run of the job after this time, as {@link WorkerBuilder#timeLimit} does, instead of the worker's own limit.
   * Default: the worker's.
   *
   * @param limit 1 ms to 7 days
   * @throws IllegalArgumentException if it is out of bounds
   */
  public EnqueueOptions timeLimit(Duration limit) {
    EnqueueOptions copy = new EnqueueOptions(this);
    copy.timeLimit = Check.between("timeLimit", limit, Duration.ofMillis(1), Duration.ofDays(7));
    return copy;
  }

  /**
   * Makes the job useless from {@code deadline} on, by the clock of Redis: it is not run any more, a run is interrupted, and
   * it is a dead letter, as soon as a worker meets it. Default: none.
   *
   * @param deadline from 1970 on, to the year 9999
   * @throws IllegalArgumentException if it is out of bounds
   */
  public EnqueueOptions deadline(Instant deadline) {
    EnqueueOptions copy = new EnqueueOptions(this);
    copy.deadline = epoch("deadline", deadline);
    return copy;
  }

  /** Retries the job by this policy instead of that of the worker's handler. Default: the handler's. */
  public EnqueueOptions retries(RetryPolicy policy) {
    EnqueueOptions copy = new EnqueueOptions(this);
    copy.retries = Objects.requireNonNull(policy, "policy");
    return copy;
  }

  static Instant epoch(String what, Instant time) {
    if (time.isBefore(Instant.EPOCH) || !time.isBefore(YEAR_10000)) {
      throw new IllegalArgumentException(
          what + " must be from 1970 on, to the year 9999, but was " + time);
    }
    return time;
  }

  /** Returns the id that was given. */
  public Optional<JobId> id() {
    return Optional.ofNullable(id);
  }

  /** Returns the priority. */
  public int priority() {
    return priority;
  }

  /** Returns how often the job may fail. */
  public int maxAttempts() {
    return maxAttempts;
  }

  /** Returns the headers by name. */
  public Map<String, String> headers() {
    return headers;
  }

  /** Returns the longest time of a run, if the job has its own. */
  public Optional<Duration> timeLimit() {
    return Optional.ofNullable(timeLimit);
  }

  /** Returns the time from which on the job is useless, if there is one. */
  public Optional<Instant> deadline() {
    return Optional.ofNullable(deadline);
  }

  /** Returns the retry policy, if the job has its own. */
  public Optional<RetryPolicy> retries() {
    return Optional.ofNullable(retries);
  }

  /** Returns when it becomes ready, ms since 1970, if it is enqueued at {@code now}; 0 for at once. */
  long readyAt(long now) {
    return notBefore != null
        ? notBefore.toEpochMilli()
        : delay.isZero() ? 0 : now + delay.toMillis();
  }

  /** Returns when it becomes ready, as {@code enqueue.lua} has it: a delay in ms, or @ and a time in ms. */
  String ready() {
    return notBefore == null ? Long.toString(delay.toMillis()) : "@" + notBefore.toEpochMilli();
  }
}
