package io.github.scalingtoolkit.core.redis;

import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.Connection;
import redis.clients.jedis.providers.ConnectionProvider;

/**
 * A queue of commands that share one connection at a time. The caller that finds the lane free leads it for one batch: it
 * sends the queued commands and reads the replies, while the other callers sleep and the next batch gathers. The lane has
 * no thread of its own.
 *
 * <p><b>States.</b> Each step is one compare-and-set, so each has one winner; the step to a final state (*) decides the
 * outcome of a command. A leader is a caller as well.
 *
 * <pre>
 *            from      to          who     when
 *   Lane     free      led         caller  it waits, and the lane is free
 *            led       free        leader  its batch is over, or it got no connection
 *
 *   command  WAITING   TAKEN       leader  it adds the command to its batch
 *   Pending  WAITING   ENDED *     leader  it got no connection: its own command is not sent (by way of TAKEN)
 *            WAITING   LEFT *      caller  its patience is over: not sent
 *            TAKEN     ENDED *     leader  a reply, an error reply, or a lost connection
 *            TAKEN     WAITING     leader  once: the connection was lost, not slow, and the command was unsent or only reads
 *            TAKEN     LEFT_SENT * caller  its patience is over: outcome unknown, a later reply is dropped
 *
 *   Batch    sending   reading     leader  all commands are written
 *            sending,  over *      leader  all replies are read, or the connection is lost
 *            reading   cut *       caller  its patience is over and it finds the batch stuck: closes the connection
 * </pre>
 *
 * <p><b>Invariants.</b>
 *
 * <ul>
 *   <li>Replies are read in the order of the commands on the same connection. A reply that cannot be read ends the
 *       connection, so that no reply is ever left for a later command; the reply to a caller that has left is read and
 *       dropped.
 *   <li>If the lane is free and callers wait, one of them has been woken. A caller joins the queue before it checks whether
 *       the lane is free; a leader frees the lane before it checks the queue. A caller that leaves unserved wakes the next.
 *   <li>The queue is served in order, and a leader whose command is in its batch leads only that batch: so no caller waits
 *       for more than the callers before it, nor leads for ever.
 *   <li>The connection belongs to the pool. It goes back when no caller waits, and at least once a second: so the pool's
 *       checks of idle connections, its re-authentication and a sentinel's change of master apply to it too, and an idle
 *       lane holds no connection.
 * </ul>
 *
 * <p><b>Failure windows.</b> A command that was not sent is sent with a later batch, or fails with the reason; a failure to
 * get a connection is only for the caller that tried. From the first byte sent to the last reply read, a lost connection
 * leaves each unanswered command of the {@link Batch} with an unknown outcome, except that commands that only read are sent
 * once more. Interrupts do not end a wait, just as they do not end a read in Jedis, and the flag is set again afterwards; an
 * interrupted <em>virtual</em> leader loses its connection (the JDK closes its socket), which is such a loss.
 *
 * <p><b>Time.</b> A caller leaves after its patience whatever the leader does. It counts its waiting in steps, so that after
 * a pause of the process the replies that have arrived are still read, although every caller's time is over. A leader can
 * hang in a write that the server does not accept: a leaving caller that has seen the same batch for longer than all its
 * replies may take cuts the connection. A caller whose command is in a batch still being written keeps waiting, because it
 * may be the only one left to free the leader. A leader alone in its batch hangs as a lone caller of Jedis does, until the
 * next caller runs out of patience.
 */
final class Lane {
  /** A batch older than this many longest reads is stuck in any case: for callers that have not watched it long enough. */
  private static final int STUCK_AFTER_READS = 8;

  private static final long LONGEST_HOLD = Duration.ofSeconds(1).toNanos();

  private final ConnectionProvider provider;
  private final Duration longestRead;
  private final LargeReplies large;
  private final Queue<Pending> queue = new ConcurrentLinkedQueue<>();
  private final AtomicBoolean led = new AtomicBoolean();
  private volatile @Nullable Batch underWay;

  /** Used only by the leader. */
  private @Nullable Connection connection;

  private long heldSince;

  /**
   * Makes a lane.
   *
   * @param longestRead how long one reply may take, and all replies of a batch together
   * @param large notes large replies, so that their commands do not share with short ones
   */
  Lane(ConnectionProvider provider, Duration longestRead, LargeReplies large) {
    this.provider = provider;
    this.longestRead = longestRead;
    this.large = large;
  }

  /** Returns the raw reply to a command when it has arrived. Called by the thread that made {@code own}. */
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

  /** Frees a leader that has been at the same batch for most of the time that the leaving caller has waited. */
  private void freeLeader(Pending left) {
    Batch now = underWay;
    if (now != null
        && (left.findsStuck(now) || now.isOlderThan(longestRead.multipliedBy(STUCK_AFTER_READS)))) {
      now.cut();
    }
  }

  /**
   * Tells whether a caller has as much time as the first in the queue, which leads otherwise: when a leader's own
   * deadline is over its connection is cut, so the time of all callers in its batch must be over, too.
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

  /** Removes a caller that leaves unserved, and wakes another one in its place. */
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
        // Rounded up: a read that ends before the deadline would count against the node.
        ? Duration.ofMillis(Duration.ofNanos(left).toMillis() + 1)
        : longestRead;
    Batch batch = new Batch(connection, read, large);
    // Before a command is added: its caller must find the batch.
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
    // It may have been opened for a caller with less time.
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
      // The caller may have left meanwhile.
      if (queue.remove(next) && next.take(batch)) {
        batch.add(next);
      }
      next = queue.peek();
    }
  }

  /** Ends a lead: returns the connection if no caller waits, and wakes the first in the queue. */
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

  /** Returns the first caller in the queue that has not left. */
  private @Nullable Pending longestWaiting() {
    Pending first = queue.peek();
    while (first != null && first.over()) {
      queue.remove(first);
      first = queue.peek();
    }
    return first;
  }

  /** The pool closes a connection whose node has become a replica. */
  private static boolean isReadOnly(Connection connection) {
    return connection instanceof NodeConnection of && of.isReadOnly();
  }

  private static void giveBack(Connection held) {
    try {
      held.close();
    } catch (RuntimeException poolIsClosed) {
      // Then the pool has closed the connection.
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
