package io.github.scalingtoolkit.core.redis;

import io.github.scalingtoolkit.core.guard.Guard;
import io.github.scalingtoolkit.core.lifecycle.BlockingThreads;
import io.github.scalingtoolkit.core.time.Deadline;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.CommandObject;
import redis.clients.jedis.Connection;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Protocol;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisException;

/**
 * Runs commands with large arguments or replies: on its own connections, behind its own breakers, and with time for their
 * bytes. So a large value, a bulk enqueue or a claim of large jobs neither delays short commands, nor fails by
 * their deadline, nor opens their breaker.
 *
 * <p><b>Time</b>: the deadline, plus a millisecond for each 10 KB sent or expected (10 MB a second, which a poor network
 * still achieves). A socket bounds only reads in Java: a peer that stops reading is cut off when twice the time is over.
 * What turns out larger than expected has the time for what has passed so far; if it is too slow even so, but still
 * moving at a megabyte a second, the failure is the payload's and no breaker counts it.
 *
 * <p>Safe for use by several threads.
 */
final class PayloadCalls implements AutoCloseable {
  /** The most at a time, per node. */
  static final int CONNECTIONS = 8;

  private static final int BYTES_PER_MILLI = 10_000;

  /** What is slower than this is not a large payload on its way but a node, or a network, that is ill. */
  private static final int BRISK_BYTES_PER_MILLI = BYTES_PER_MILLI / 10;

  private final Supplier<HostAndPort> where;
  private final Function<HostAndPort, NodePool> pools;
  private final Function<HostAndPort, Guard> guards;
  private final Duration deadline;
  private final ScheduledThreadPoolExecutor cutter;

  /**
   * Makes one.
   *
   * @param name what its thread is called after
   * @param where the node that serves now, where there is only one
   * @param pools gives the connections to a node, not shared with short commands
   * @param guards gives the breaker of a node
   */
  PayloadCalls(
      String name,
      Supplier<HostAndPort> where,
      Function<HostAndPort, NodePool> pools,
      Function<HostAndPort, Guard> guards,
      Duration deadline) {
    this.where = where;
    this.pools = pools;
    this.guards = guards;
    this.deadline = deadline;
    cutter = new ScheduledThreadPoolExecutor(
        1, BlockingThreads.platformFactory("payloads-" + name + "-"));
    cutter.setRemoveOnCancelPolicy(true);
    cutter.setKeepAliveTime(5, TimeUnit.SECONDS);
    cutter.allowCoreThreadTimeOut(true);
  }

  /** Returns how long a payload of that size may take. */
  Duration time(int bytes) {
    return deadline.plusMillis(bytes / BYTES_PER_MILLI);
  }

  /** Tells whether so much in so long is no crawl. */
  static boolean isBrisk(long bytes, long nanos) {
    return bytes >= BRISK_BYTES_PER_MILLI * Duration.ofNanos(nanos).toMillis();
  }

  /** Runs a command at the one node there is. */
  <T> T run(CommandObject<T> command, int bytes, CallContext context) {
    return run(where.get(), command, bytes, false, context, Deadline.current());
  }

  /**
   * Runs a command at a node, through its breaker unless the call has none.
   *
   * @param callers the deadline that the caller came with
   */
  <T> T run(
      HostAndPort node,
      CommandObject<T> command,
      int bytes,
      boolean asking,
      CallContext context,
      @Nullable Deadline callers) {
    if (!context.guarded()) {
      return exchange(node, command, bytes, asking, callers);
    }
    try {
      return guards
          .apply(node)
          .call(() -> OwnTime.marked(
              time(bytes), callers, () -> exchange(node, command, bytes, asking, callers)));
    } catch (UnknownOutcomeException lost) {
      throw lost.counted();
    } catch (UnsentException lost) {
      throw lost.counted();
    }
  }

  private <T> T exchange(
      HostAndPort node,
      CommandObject<T> command,
      int bytes,
      boolean asking,
      @Nullable Deadline callers) {
    Duration time = time(bytes);
    int millis = NodeConnections.millis(Math.toIntExact(time.toMillis()));
    try (Connection connection = connection(node, command, time)) {
      connection.setSoTimeout(millis);
      Watch watch = new Watch(connection, millis, callers);
      try {
        if (asking) {
          connection.executeCommand(Protocol.Command.ASKING);
        }
        return connection.executeCommand(command);
      } catch (JedisConnectionException lost) {
        if (watch.hasCutWhileMoving()) {
          throw UnknownOutcomeException.amidPayload(
              command.getArguments().getCommand() + " was cut off after " + watch.passed()
                  + " bytes had passed, with more to come, after more than " + 2L * millis
                  + " ms: it may have taken effect. The value is too large for its time on this network",
              new SocketTimeoutException("the payload was still on its way"));
        }
        throw new UnknownOutcomeException(
            command.getArguments().getCommand() + " with " + bytes
                + " bytes was sent but not answered within " + millis
                + " ms, or its connection was lost: it may have taken effect",
            watch.hasCut() ? new SocketTimeoutException("the server takes no more") : lost,
            null);
      } finally {
        watch.end();
      }
    }
  }

  private Connection connection(HostAndPort node, CommandObject<?> command, Duration time) {
    try {
      return pools.apply(node).getResource(time);
    } catch (JedisConnectionException unreachable) {
      throw new UnsentException(
          command.getArguments().getCommand() + " was not sent: no connection to " + node
              + " could be opened",
          unreachable,
          null);
    }
  }

  @Override
  public void close() {
    cutter.shutdownNow();
  }

  /** Cuts a connection when its call has taken too long for what has passed, unless the call has ended. */
  private final class Watch {
    private final Connection connection;
    private final int millis;
    private final @Nullable Deadline callers;
    private final long movedBefore;
    private final AtomicBoolean over = new AtomicBoolean();
    private volatile boolean cut;
    private volatile boolean moving;
    private volatile @Nullable ScheduledFuture<?> alarm;

    /** Used only by the alarm: what had passed as it rang last, how long it was to wait since, and in all. */
    private int passedBefore;

    private long planned;
    private long waited;

    /**
     * Makes one.
     *
     * @param millis what the payload was expected to take
     * @param callers the deadline that the caller came with: one that is over allows a larger payload no more time
     */
    Watch(Connection connection, int millis, @Nullable Deadline callers) {
      this.connection = connection;
      this.millis = millis;
      this.callers = callers;
      movedBefore = moved();
      ringAfter(millis);
    }

    private void ringAfter(long later) {
      planned = later;
      try {
        alarm = cutter.schedule(this::ring, later, TimeUnit.MILLISECONDS);
      } catch (RejectedExecutionException closed) {
        // The connections are closed as well, which ends the call.
      }
    }

    private void ring() {
      boolean mayTakeLonger = callers == null || !callers.isExpired();
      long expected = mayTakeLonger ? Math.max(millis, time(passed()).toMillis()) : millis;
      // What was planned, whatever it took: a pause of this process does not count.
      waited += planned;
      long left = 2 * expected - waited;
      int passed = passed();
      boolean brisk = passed > SharedCommands.HUGE_BYTES
          && isBrisk(passed - passedBefore, Duration.ofMillis(planned).toNanos());
      if (left <= 0) {
        cut(brisk);
        return;
      }
      passedBefore = passed;
      if (!over.get()) {
        // Not too soon: a socket that is full takes nothing until a third of it is free.
        ringAfter(Math.max(millis / 2 + 1, Math.min(millis, left)));
      }
    }

    /** Returns how many bytes have passed in either direction. */
    int passed() {
      return (int) Math.min(Integer.MAX_VALUE, moved() - movedBefore);
    }

    private long moved() {
      return connection instanceof NodeConnection known ? known.moved() : 0;
    }

    boolean hasCutWhileMoving() {
      return cut && moving;
    }

    private void cut(boolean whileMoving) {
      if (over.compareAndSet(false, true)) {
        moving = whileMoving;
        cut = true;
        try {
          connection.forceDisconnect();
        } catch (IOException | JedisException alreadyGone) {
          // That is what was wanted.
        }
      }
    }

    boolean hasCut() {
      return cut;
    }

    void end() {
      if (!over.compareAndSet(false, true)) {
        // It is being cut, and must not be cut in another call's hands.
        connection.setBroken();
      }
      ScheduledFuture<?> last = alarm;
      if (last != null) {
        last.cancel(false);
      }
    }
  }
}
