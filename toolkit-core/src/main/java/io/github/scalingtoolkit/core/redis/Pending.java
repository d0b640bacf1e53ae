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
 * One caller's command in a {@link Lane}, whose table shows the states, and who may make which step.
 *
 * <p>The thread that makes the step to {@code ENDED}, {@code LEFT} or {@code LEFT_SENT} decides the outcome; a reply for a caller
 * that has left is dropped here. The fields of the outcome are written before the step to {@code ENDED} and read after it.
 */
final class Pending {
  private enum State {
    WAITING,
    TAKEN,
    ENDED,
    LEFT,
    LEFT_SENT
  }

  /** A step that takes longer than planned counts as one: then this process was paused, not the server. */
  private static final int STEPS = 8;

  private final CommandArguments command;
  private final int bytes;
  private final Duration patience;
  private final Thread caller = Thread.currentThread();
  private final AtomicReference<State> state = new AtomicReference<>(State.WAITING);

  /** Written by the leader before the step to {@code TAKEN}. */
  private @Nullable Batch batch;

  /** Used only by the caller. */
  private long waited;

  private long watched;
  private @Nullable Batch seen;

  /** How much of that a large reply was arriving. */
  private long behindLargeReply;

  private @Nullable Object reply;
  private @Nullable RuntimeException refusal;
  private @Nullable Throwable loss;
  private boolean lostAmidReply;
  private final boolean laneMaySendAgain;

  /** The caller's own deadline, if that is earlier than its patience. */
  private final @Nullable Deadline ownTime;

  private boolean wasPutBack;

  /** For a caller without a deadline of its own that resends nothing. */
  Pending(CommandArguments command, int bytes, Duration patience) {
    this(command, bytes, patience, null, CallContext.ONCE);
  }

  /**
   * Makes one.
   *
   * @param patience how long the caller waits at most
   * @param deadline the caller's own deadline; null if it has none
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

  /** Tells whether the caller's own deadline is earlier than the patience of others. */
  boolean hurried() {
    return ownTime != null;
  }

  /** Returns the caller's remaining time; practically for ever if it has no deadline. */
  long leftNanos() {
    return ownTime == null ? Long.MAX_VALUE : ownTime.remainingNanos();
  }

  CommandArguments command() {
    return command;
  }

  int bytes() {
    return bytes;
  }

  /** Tells whether the caller's patience is over. */
  boolean outOfPatience() {
    return waited >= patience.toNanos();
  }

  /**
   * For the caller: leaves if its patience is over, and tells whether it did. If its command is in a batch that the
   * server does not accept, it stays until it finds the batch stuck, so that its leader can be freed.
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
   * Tells whether it has watched one batch for longer than a batch may take: three quarters of its patience. A caller with
   * an earlier deadline does not decide that: its patience is too short.
   */
  boolean findsStuck(@Nullable Batch underWay) {
    return !hurried()
        && underWay != null
        && underWay == seen
        && watched >= patience.toNanos() / 4 * 3;
  }

  /** Waits for one step, or until the caller is woken. */
  void await(Object blocker, @Nullable Batch underWay) {
    if (underWay != seen) {
      seen = underWay;
      watched = 0;
    }
    long step = Math.max(1, patience.toNanos() / STEPS);
    long from = System.nanoTime();
    LockSupport.parkNanos(blocker, step);
    long took = Math.min(System.nanoTime() - from, step);
    waited += took;
    watched += took;
    if (!over() && underWay != null && underWay.isReceiving()) {
      behindLargeReply += took;
    }
  }

  /** Tells whether a large reply took so much of its patience that nobody else is to blame for the rest. */
  private boolean waitedForLargeReply() {
    return behindLargeReply > 0 && behindLargeReply >= waited / 4;
  }

  /** Adds time that the caller has waited elsewhere. */
  void hasWaited(long nanos) {
    waited += nanos;
  }

  /** Tells whether the command is in a final state, so that its caller leaves the lane. */
  boolean over() {
    State now = state.get();
    return now != State.WAITING && now != State.TAKEN;
  }

  /** For the leader, before it sends the command; false if the caller has left. */
  boolean take(@Nullable Batch taker) {
    batch = taker;
    return state.compareAndSet(State.WAITING, State.TAKEN);
  }

  /** For the leader: the reply has arrived. */
  void answer(@Nullable Object raw) {
    reply = raw;
    end();
  }

  /** For the leader: an error reply has arrived. */
  void refuse(RuntimeException error) {
    refusal = error;
    end();
  }

  /**
   * For the leader: the connection was lost with this command on it.
   *
   * @param amidReply whether it was cut while a large reply was arriving
   */
  void lose(Throwable cause, boolean amidReply) {
    loss = cause;
    lostAmidReply = amidReply;
    end();
  }

  /** For the leader: puts an unsent command back, once; false if it was put back before, or the caller has left. */
  boolean putBack() {
    if (wasPutBack) {
      return false;
    }
    wasPutBack = true;
    return state.compareAndSet(State.TAKEN, State.WAITING);
  }

  /** For the leader: puts a command back, once, if it only reads and its caller does not resend it; false if it must not be sent again. */
  boolean again() {
    return laneMaySendAgain && SharedCommands.onlyReads(command) && putBack();
  }

  /** For the caller: ends the command unsent, for a reason that concerns only this caller. */
  void giveUp(RuntimeException failure) {
    if (take(null)) {
      refuse(failure);
    }
  }

  /** For the caller, in any state; does nothing if the outcome is known. */
  void leave() {
    while (!over()) {
      if (state.compareAndSet(State.WAITING, State.LEFT)
          || state.compareAndSet(State.TAKEN, State.LEFT_SENT)) {
        return;
      }
    }
  }

  /** Tells whether the caller has left before the command was sent. */
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

  /** For the caller, in a final state: returns the raw reply, or throws the failure. */
  @Nullable
  Object outcome() {
    State how = Objects.requireNonNull(state.get());
    switch (how) {
      case LEFT -> {
        if (waitedForLargeReply()) {
          throw UnsentException.behindPayload(
              name() + " was not sent: within " + patience.toMillis()
                  + " ms it got no turn behind a large reply that was arriving; once that has arrived, or was cut off, the next one like it travels apart",
              new SocketTimeoutException("no turn"));
        }
        throw new UnsentException(
            name() + " was not sent: it got no turn within " + patience.toMillis()
                + " ms; Redis is slow or many callers wait",
            new SocketTimeoutException("no turn"),
            null);
      }
      case LEFT_SENT -> {
        if (waitedForLargeReply()) {
          throw lostAmidReply(new SocketTimeoutException("no reply"));
        }
        throw new UnknownOutcomeException(
            name() + " was in progress but not answered within " + patience.toMillis()
                + " ms: it may have taken effect",
            new SocketTimeoutException("no reply"),
            batch == null ? null : batch.loss());
      }
      default -> {
        if (loss != null) {
          if (lostAmidReply || waitedForLargeReply() && RedisFailure.timedOut(loss)) {
            throw lostAmidReply(loss);
          }
          throw new UnknownOutcomeException(
              name() + " was sent but its connection was lost: it may have taken effect",
              loss,
              batch == null ? null : batch.loss());
        }
        if (refusal != null) {
          if (refusal instanceof JedisDataException) {
            // It was created on the leader's thread: show the caller's stack instead.
            refusal.fillInStackTrace();
          }
          throw refusal;
        }
        return reply;
      }
    }
  }

  private UnknownOutcomeException lostAmidReply(Throwable cause) {
    return UnknownOutcomeException.amidPayload(
        name() + " was in progress when " + patience.toMillis()
            + " ms were over with a large reply still arriving, its own or one before it on the same connection: it may have taken effect."
            + " The large one travels apart the next time, with time for its size",
        cause);
  }

  String name() {
    return String.valueOf(command.getCommand());
  }
}
