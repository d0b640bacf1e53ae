package io.github.scalingtoolkit.core.redis;

import io.github.scalingtoolkit.core.time.Deadline;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.exceptions.JedisDataException;

/**
 * One caller's command in a {@link Lane}.
 *
 * <p>{@code WAITING → TAKEN → ENDED}, and back from {@code TAKEN} to {@code WAITING} once, when its connection was lost
 * and it was not sent, or only reads. From {@code WAITING} and {@code TAKEN} the caller may leave: {@code LEFT} and {@code LEFT_SENT}. Who
 * makes the step to one of the last three decides the outcome; a reply that comes for a caller who has left is dropped
 * here. The fields of the outcome are written before the step to {@code ENDED} and read after it.
 */
final class Pending {
  private enum State {
    WAITING,
    TAKEN,
    ENDED,
    LEFT,
    LEFT_SENT
  }

  /** A step that lasts longer than it should counts as one: then this process stood still, and not the server. */
  private static final int STEPS = 8;

  private final CommandArguments command;
  private final int bytes;
  private final Duration patience;
  private final Thread caller = Thread.currentThread();
  private final AtomicReference<State> state = new AtomicReference<>(State.WAITING);

  /** The leader's, before the step to {@code TAKEN}. */
  private @Nullable Batch batch;

  /** These are the caller's. */
  private long waited;

  private long watched;
  private @Nullable Batch seen;

  private @Nullable Object reply;
  private @Nullable RuntimeException refusal;
  private @Nullable Throwable loss;
  private final boolean laneMaySendAgain;

  /** What the caller's own deadline leaves, if that is less than its patience. */
  private final @Nullable Deadline ownTime;

  private boolean wasPutBack;

  /** Makes one of a caller without a deadline of its own, which sends nothing again. */
  Pending(CommandArguments command, int bytes, Duration patience) {
    this(command, bytes, patience, null, CallContext.ONCE);
  }

  /**
   * Makes one.
   *
   * @param patience how long the caller waits at most
   * @param deadline when the caller's own time is over; null if it has as long as it takes
   */
  Pending(
      CommandArguments command,
      int bytes,
      Duration patience,
      @Nullable Deadline deadline,
      CallContext context) {
    long left = deadline == null ? Long.MAX_VALUE : deadline.remainingNanos();
    boolean hurried = left < patience.toNanos();
    this.command = command;
    this.bytes = bytes;
    this.patience = hurried ? Duration.ofNanos(Math.max(1, left)) : patience;
    this.ownTime = hurried ? deadline : null;
    this.laneMaySendAgain = !context.callerResends();
  }

  /** Tells whether the caller's own deadline is nearer than what others wait. */
  boolean hurried() {
    return ownTime != null;
  }

  /** Returns what is left of the caller's own time; very much if it has no deadline. */
  long leftNanos() {
    return ownTime == null ? Long.MAX_VALUE : ownTime.remainingNanos();
  }

  CommandArguments command() {
    return command;
  }

  int bytes() {
    return bytes;
  }

  /** Tells whether he has waited for as long as he would. */
  boolean outOfPatience() {
    return waited >= patience.toNanos();
  }

  /**
   * The caller's: leaves if his patience is over, and tells whether he did. Where his command is on a batch that the
   * server does not take he stays until he finds it stuck, so that somebody is there to free its leader.
   */
  boolean leavesInVain() {
    if (!outOfPatience()) {
      return false;
    }
    if (state.compareAndSet(State.WAITING, State.LEFT)) {
      return true;
    }
    Batch own = batch;
    boolean stays = !hurried() && own != null && own.isSending() && !findsStuck(own);
    return !stays && state.compareAndSet(State.TAKEN, State.LEFT_SENT);
  }

  /**
   * Tells whether it has seen a batch under way for longer than it may be: three quarters of its patience. A caller in a
   * hurry does not judge: its patience is too short.
   */
  boolean findsStuck(@Nullable Batch underWay) {
    return !hurried()
        && underWay != null
        && underWay == seen
        && watched >= patience.toNanos() / 4 * 3;
  }

  /** Waits for a step, or until he is woken. */
  void await(Object blocker, @Nullable Batch underWay) {
    if (underWay != seen) {
      seen = underWay;
      watched = 0;
    }
    long step = patience.toNanos() / STEPS;
    long from = System.nanoTime();
    LockSupport.parkNanos(blocker, step);
    long took = Math.min(System.nanoTime() - from, step);
    waited += took;
    watched += took;
  }

  /** Counts what he has waited elsewhere. */
  void hasWaited(long nanos) {
    waited += nanos;
  }

  /** Tells whether the caller has, or will have at once, no more business in the lane. */
  boolean over() {
    State now = state.get();
    return now != State.WAITING && now != State.TAKEN;
  }

  /** The leader's, before he sends it; false if the caller has left. */
  boolean take(@Nullable Batch taker) {
    batch = taker;
    return state.compareAndSet(State.WAITING, State.TAKEN);
  }

  /** The leader's: the reply came. */
  void answer(@Nullable Object raw) {
    reply = raw;
    end();
  }

  /** The leader's: an error reply came. */
  void refuse(RuntimeException error) {
    refusal = error;
    end();
  }

  /** The leader's: the connection was lost with this on it. */
  void lose(Throwable cause) {
    loss = cause;
    end();
  }

  /** The leader's: puts it back, once, as it was not sent; false if it was put back before, or the caller has left. */
  boolean putBack() {
    if (wasPutBack) {
      return false;
    }
    wasPutBack = true;
    return state.compareAndSet(State.TAKEN, State.WAITING);
  }

  /** The leader's: puts it back, once, if it only reads and its caller does not; false if it must not be sent again. */
  boolean again() {
    return laneMaySendAgain && SharedCommands.onlyReads(command) && putBack();
  }

  /** The caller's: ends it unsent, for a reason that is his alone. */
  void giveUp(RuntimeException failure) {
    if (take(null)) {
      refuse(failure);
    }
  }

  /** The caller's, whatever he still waits for; does nothing if the outcome has come. */
  void leave() {
    while (!over()) {
      if (state.compareAndSet(State.WAITING, State.LEFT)
          || state.compareAndSet(State.TAKEN, State.LEFT_SENT)) {
        return;
      }
    }
  }

  /** Tells whether the caller has left before it was sent. */
  boolean unserved() {
    return state.get() == State.LEFT;
  }

  void wake() {
    LockSupport.unpark(caller);
  }

  private void end() {
    if (state.compareAndSet(State.TAKEN, State.ENDED) && caller != Thread.currentThread()) {
      wake();
    }
  }

  /** Returns the raw reply, or throws what there is instead; the caller's, once it is over. */
  @Nullable
  Object outcome() {
    State how = Objects.requireNonNull(state.get());
    switch (how) {
      case LEFT ->
        throw new UnsentException(
            name() + " was not sent: no turn came within " + patience.toMillis()
                + " ms; Redis is slow or many callers wait",
            new SocketTimeoutException("no turn"),
            null);
      case LEFT_SENT ->
        throw new UnknownOutcomeException(
            name() + " was under way but not answered within " + patience.toMillis()
                + " ms: it may have taken effect",
            new SocketTimeoutException("no reply"),
            batch == null ? null : batch.loss());
      default -> {
        if (loss != null) {
          throw new UnknownOutcomeException(
              name() + " was sent but its connection was lost: it may have taken effect",
              loss,
              batch == null ? null : batch.loss());
        }
        if (refusal != null) {
          if (refusal instanceof JedisDataException) {
            // It was made on the leader's thread: show the caller's way here instead.
            refusal.fillInStackTrace();
          }
          throw refusal;
        }
        return reply;
      }
    }
  }

  String name() {
    return String.valueOf(command.getCommand());
  }
}
