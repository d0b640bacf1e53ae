package io.github.scalingtoolkit.core.redis;

import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.Connection;
import redis.clients.jedis.providers.ConnectionProvider;

/**
 * A queue of commands that share one connection at a time: whoever finds the lane free leads it for one batch, sending
 * what waits and reading the replies, while the others sleep and the next batch gathers behind them. No thread of its
 * own.
 *
 * <p><b>States.</b> Free, or led: {@code led} is held by one caller at a time, and guards the connection and the batch.
 *
 * <p><b>Invariants.</b>
 *
 * <ul>
 *   <li>Replies are read in the order of the commands on the same connection. One that cannot be read ends the
 *       connection, so that no reply is ever left over for a later command; one whose caller has left is read and
 *       dropped.
 *   <li>A free lane with somebody waiting has woken one of them. A caller joins the queue before he looks whether the
 *       lane is free; a leader frees it before he looks into the queue. Who leaves unserved passes the waking on.
 *   <li>The queue is served in its order, and leading one batch is all that is asked of a leader whose command is in it:
 *       so nobody waits for more than those who came before him, nor leads for ever.
 *   <li>The connection is the pool's. It goes back when nobody waits, and at least once a second: so the pool's checks of
 *       idle connections, its re-authentication and a sentinel's change of master hold for it too, and a lane at rest
 *       holds none.
 * </ul>
 *
 * <p><b>Failure windows.</b> What was not sent fails with the reason, for the caller alone whose attempt it was, or is
 * sent with a later batch. From the first byte sent to the last reply read, a lost connection leaves each unanswered
 * command of the {@link Batch} with an unknown outcome, except that what only reads is sent once more. Interrupts do not
 * cut a wait short, as they do not cut a read of Jedis' short, and the flag is set again at its end; an interrupted
 * <em>virtual</em> leader loses his connection (the JDK closes its socket), which is one such loss.
 *
 * <p>A caller leaves after his patience whatever the leader does. He counts it in steps, so that a process that stood
 * still does not wake with everybody's time gone and the replies at hand. A leader can hang in a write that the server
 * does not take; whoever leaves, and has seen the same batch under way for longer than the replies to all may take, cuts
 * its connection. Whose own command is on a batch that is still being written stays until then, as nobody else may come
 * to free the leader. A leader alone on his batch is as stuck as a lone caller of Jedis is, until the next who waits in
 * vain.
 */
final class Lane {
  /** Whatever a leader does, a batch of this many longest reads is stuck: for those who wait too shortly to have seen it. */
  private static final int STUCK_AFTER_READS = 8;

  private static final long LONGEST_HOLD = Duration.ofSeconds(1).toNanos();

  private final ConnectionProvider provider;
  private final Duration longestRead;
  private final @Nullable LargeReplies large;
  private final Queue<Pending> queue = new ConcurrentLinkedQueue<>();
  private final AtomicBoolean led = new AtomicBoolean();
  private volatile @Nullable Batch underWay;

  /** These are the leader's. */
  private @Nullable Connection connection;

  private long heldSince;

  /**
   * Makes a lane.
   *
   * @param longestRead how long a reply may take, and all of a batch
   * @param large is told of replies that are no company for short ones; null if there are none but such
   */
  Lane(ConnectionProvider provider, Duration longestRead, @Nullable LargeReplies large) {
    this.provider = provider;
    this.longestRead = longestRead;
    this.large = large;
  }

  /** Returns the raw reply to a command, once it came. Called by the thread that made {@code own}. */
  @Nullable
  Object execute(Pending own) {
    boolean interrupted = false;
    queue.add(own);
    try {
      while (!own.over()) {
        interrupted |= Thread.interrupted();
        if (own.leavesInVain()) {
          freeLeader(own);
        } else if (mayLead(own) && tryLead()) {
          try {
            if (!own.over()) {
              interrupted |= serve(own);
            }
          } finally {
            endLead();
          }
        } else {
          own.await(this, underWay);
        }
      }
    } finally {
      depart(own);
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
    return own.outcome();
  }

  /** Frees a leader who has been at the same batch for most of the time that one who left has waited. */
  private void freeLeader(Pending left) {
    Batch now = underWay;
    if (now != null
        && (left.findsStuck(now) || now.isOlderThan(longestRead.multipliedBy(STUCK_AFTER_READS)))) {
      now.cut();
    }
  }

  /**
   * Tells whether a caller has as much time as the one that waits longest, which leads otherwise: when a leader's own
   * deadline is over its connection is cut, and that must be too late for all who are on it.
   */
  private boolean mayLead(Pending own) {
    if (!own.hurried()) {
      return true;
    }
    Pending first = queue.peek();
    if (first == null || first == own || first.over() || first.leftNanos() <= own.leftNanos()) {
      return true;
    }
    first.wake();
    return false;
  }

  private boolean tryLead() {
    return !led.get() && led.compareAndSet(false, true);
  }

  /** Sees to it that a caller who goes unserved is not waited for, and that somebody else is woken in his stead. */
  private void depart(Pending own) {
    own.leave();
    if (own.unserved()) {
      queue.remove(own);
      if (tryLead()) {
        endLead();
      }
    }
  }

  /** Leads one batch; tells whether the leader was interrupted in it. */
  private boolean serve(Pending own) {
    boolean interrupted = false;
    Connection before = connection;
    if (before instanceof NodeConnection known && known.isOutdated()) {
      connection = null;
      giveBack(before);
    }
    while (connection == null) {
      long from = System.nanoTime();
      try {
        connection = borrow();
      } catch (RuntimeException failed) {
        own.hasWaited(System.nanoTime() - from);
        boolean cutShort = Thread.interrupted() || causedByInterrupt(failed);
        interrupted |= cutShort;
        if (!cutShort || own.outOfPatience()) {
          own.giveUp(failed);
          queue.remove(own);
          return interrupted;
        }
      }
    }
    long left = own.leftNanos();
    Duration read = left < longestRead.toNanos()
        ? Duration.ofMillis(Math.max(1, Duration.ofNanos(left).toMillis()))
        : longestRead;
    Batch batch = new Batch(connection, read, large);
    // Before anybody is on it: he who is must find it.
    underWay = batch;
    try {
      gather(batch, own);
      boolean usable = batch.exchange(queue::add, () -> NodePools.dropIdle(provider));
      if (!usable || isReadOnly(connection)) {
        Connection lost = connection;
        connection = null;
        lost.setBroken();
        giveBack(lost);
        interrupted |= Thread.interrupted();
      }
    } finally {
      underWay = null;
    }
    return interrupted;
  }

  private Connection borrow() {
    Connection borrowed = provider.getConnection();
    int millis = Math.toIntExact(longestRead.toMillis());
    // It may have been opened for somebody with less time.
    if (borrowed.getSoTimeout() != millis) {
      try {
        borrowed.setSoTimeout(millis);
      } catch (RuntimeException closed) {
        giveBack(borrowed);
        throw closed;
      }
    }
    heldSince = System.nanoTime();
    return borrowed;
  }

  private void gather(Batch batch, Pending leader) {
    Pending next = queue.peek();
    while (next != null
        && batch.hasRoomFor(next)
        && (next == leader || !leader.hurried() || next.leftNanos() <= leader.leftNanos())) {
      // He may have left meanwhile.
      if (queue.remove(next) && next.take(batch)) {
        batch.add(next);
      }
      next = queue.peek();
    }
  }

  /** Ends a lead: gives the connection back if nobody waits, and wakes who waits longest. */
  private void endLead() {
    try {
      Connection held = connection;
      if (held != null
          && (longestWaiting() == null || System.nanoTime() - heldSince > LONGEST_HOLD)) {
        connection = null;
        giveBack(held);
      }
    } finally {
      led.set(false);
      Pending next = longestWaiting();
      if (next != null) {
        next.wake();
      }
    }
  }

  /** Returns who waits longest, without those who have left. */
  private @Nullable Pending longestWaiting() {
    Pending first = queue.peek();
    while (first != null && first.over()) {
      queue.remove(first);
      first = queue.peek();
    }
    return first;
  }

  /** One whose node has become a replica is the pool's to end. */
  private static boolean isReadOnly(Connection connection) {
    return connection instanceof NodeConnection of && of.isReadOnly();
  }

  private static void giveBack(Connection held) {
    try {
      held.close();
    } catch (RuntimeException poolIsClosed) {
      // Then it has closed the connection.
    }
  }

  private static boolean causedByInterrupt(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof InterruptedException) {
        return true;
      }
    }
    return false;
  }
}
