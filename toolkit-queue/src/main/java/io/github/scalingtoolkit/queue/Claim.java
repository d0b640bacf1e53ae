package io.github.scalingtoolkit.queue;

import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * A job that this worker holds: the fence of its end, and whether it is certainly this worker's.
 *
 * <p>It is settled once: by the end of its run, or by what takes it from its handler before that (a lost lease, a time
 * limit, a closing worker). What comes later changes nothing.
 */
final class Claim {
  private final String id;
  private final long epoch;
  private final Trouble trouble;
  private final String list;
  private final Envelope envelope;
  private final Lease lease;
  private final AtomicBoolean settled = new AtomicBoolean();
  private volatile boolean cancelled;
  private volatile long startedAt;
  private volatile boolean started;

  /** When its deadline is over; only if it has one. */
  private long expiresAt;

  /** How long its run may take, and when it had to end at the latest, whichever comes first; null for no bound. */
  private volatile @Nullable Limit limit;

  private volatile @Nullable Job<?> job;

  /** Guarded by this. */
  private @Nullable Thread runner;

  /** The lease of the worker, as the worker knows it. */
  static final class Lease {
    private volatile long endsNanos;

    Lease(long endsNanos) {
      this.endsNanos = endsNanos;
    }

    void endsAt(long nanos) {
      endsNanos = nanos;
    }

    boolean validAt(long nanos) {
      return endsNanos - nanos > 0;
    }
  }

  /**
   * What bounds a run.
   *
   * @param nanos how long it may take from its start
   * @param why what is over then
   */
  record Limit(long nanos, String why) {}

  /**
   * Claims a job.
   *
   * @param id as Redis has it, one character for each byte: whether it is one is not known yet
   */
  Claim(String id, long epoch, Trouble trouble, String list, Envelope envelope, Lease lease) {
    this.id = id;
    this.epoch = epoch;
    this.trouble = trouble;
    this.list = list;
    this.envelope = envelope;
    this.lease = lease;
  }

  /** Returns the id as Redis has it, one character for each byte. */
  String id() {
    return id;
  }

  /** Returns the id as Redis has it. */
  byte[] key() {
    return id.getBytes(StandardCharsets.ISO_8859_1);
  }

  /** Returns the id for log lines. */
  String loggedId() {
    return JobId.isValid(id) ? id : Texts.escaped(key());
  }

  long epoch() {
    return epoch;
  }

  /** Returns what went wrong with the job before. */
  Trouble trouble() {
    return trouble;
  }

  int attempt() {
    return trouble.attempt();
  }

  boolean isLastAttempt() {
    return trouble.failures() + 1 >= envelope.maxAttempts();
  }

  /** Its deadline is over then. */
  void expiresAt(long nanos) {
    expiresAt = nanos;
  }

  boolean hasDeadline() {
    return envelope.details().deadline() > 0;
  }

  /** Returns how long its deadline is away; without meaning if it has none. */
  long untilDeadline(long nanos) {
    return expiresAt - nanos;
  }

  void limit(@Nullable Limit limit) {
    this.limit = limit;
  }

  @Nullable
  Limit limit() {
    return limit;
  }

  /** Its handler sees it so. */
  void job(Job<?> job) {
    this.job = job;
  }

  /** Returns it as its handler sees it; null until it could be read. */
  @Nullable
  Job<?> job() {
    return job;
  }

  /** Returns the ready list it was taken from: priority, a colon, type. */
  String list() {
    return list;
  }

  /** Returns the type of that list. */
  String type() {
    return list.substring(list.indexOf(':') + 1);
  }

  Envelope envelope() {
    return envelope;
  }

  /** Returns true to the first caller alone: what it decides about the claim holds. */
  boolean settle() {
    return settled.compareAndSet(false, true);
  }

  boolean isSettled() {
    return settled.get();
  }

  boolean validAt(long nanos) {
    return !cancelled && lease.validAt(nanos);
  }

  /** Tells its handler that nobody waits for it any more: by an interrupt, and from now on by {@link #isCancelled}. */
  void cancel() {
    cancelled = true;
    synchronized (this) {
      if (runner != null) {
        runner.interrupt();
      }
    }
  }

  boolean isCancelled() {
    return cancelled;
  }

  /** This thread runs its handler from now on. Returns false if there is no use in it any more. */
  synchronized boolean start(long nanos) {
    startedAt = nanos;
    started = true;
    runner = Thread.currentThread();
    return !cancelled;
  }

  /** This thread has run its handler; an interrupt meant for it does not hit what runs next on this thread. */
  synchronized void stop() {
    runner = null;
    Thread.interrupted();
  }

  /** Returns when its handler began; without meaning before that. */
  long startedAt() {
    return startedAt;
  }

  boolean isStarted() {
    return started;
  }
}
