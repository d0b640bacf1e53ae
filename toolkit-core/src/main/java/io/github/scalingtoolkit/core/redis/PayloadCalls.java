package io.github.scalingtoolkit.core.redis;

import io.github.scalingtoolkit.core.guard.Guard;
import io.github.scalingtoolkit.core.lifecycle.BlockingThreads;
import io.github.scalingtoolkit.core.time.Deadline;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.time.Duration;
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
 *
 * <p>Safe for use by several threads.
 */
final class PayloadCalls implements AutoCloseable {
  /** The most at a time, per node. */
  static final int CONNECTIONS = 8;

  private static final int BYTES_PER_MILLI = 10_000;

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
      return exchange(node, command, bytes, asking);
    }
    try {
      return guards
          .apply(node)
          .call(() ->
              OwnTime.marked(time(bytes), callers, () -> exchange(node, command, bytes, asking)));
    } catch (UnknownOutcomeException lost) {
      throw lost.counted();
    } catch (UnsentException lost) {
      throw lost.counted();
    }
  }

  private <T> T exchange(HostAndPort node, CommandObject<T> command, int bytes, boolean asking) {
    Duration time = time(bytes);
    int millis = NodeConnections.millis(Math.toIntExact(time.toMillis()));
    try (Connection connection = connection(node, command, time)) {
      connection.setSoTimeout(millis);
      Watch watch = new Watch(connection, 2L * millis);
      try {
        if (asking) {
          connection.executeCommand(Protocol.Command.ASKING);
        }
        return connection.executeCommand(command);
      } catch (JedisConnectionException lost) {
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

  /** Cuts a connection when its call has taken too long, unless the call has ended. */
  private final class Watch {
    private final Connection connection;
    private final AtomicBoolean over = new AtomicBoolean();
    private volatile boolean cut;
    private final @Nullable ScheduledFuture<?> alarm;

    Watch(Connection connection, long afterMillis) {
      this.connection = connection;
      alarm = cutter.isShutdown()
          ? null
          : cutter.schedule(this::cut, afterMillis, TimeUnit.MILLISECONDS);
    }

    private void cut() {
      if (over.compareAndSet(false, true)) {
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
      if (alarm != null) {
        alarm.cancel(false);
      }
    }
  }
}
