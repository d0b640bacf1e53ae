package io.github.scalingtoolkit.core.redis;

import java.io.IOException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.Connection;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;

/**
 * Commands of several callers on one connection: a {@link Lane}'s leader sends them and reads the replies. The lane's
 * table shows the states.
 *
 * <p>Either the leader ends it or a leaving caller {@linkplain #cut cuts} it. Only the first of them may close
 * the connection, so that no connection is cut that is back in its pool.
 *
 * <p><b>Time.</b> The wait for all replies together may be as long as for one, and then a tenth of that for each. Only waiting
 * counts: after a pause of this process (a garbage collection, an exhausted CPU quota) the replies have arrived meanwhile
 * and are read at once. So an available reply is read however late it is, and a missing one gets its tenth. Writing has no
 * time bound in Java: that is why callers can cut a batch.
 *
 * <p><b>Large replies.</b> While one is {@linkplain #isReceiving arriving}, fast enough for a network that is not ill, the node
 * is well, and who leaves does so because the reply is too large for its time. If it is lost, its command is noted, so that
 * the next one like it travels apart.
 */
final class Batch {
  static final int MOST_COMMANDS = 256;
  static final int MOST_BYTES = 64 * 1024;

  private final Connection connection;
  private final Duration longestRead;
  private final Duration longestPause;
  private final LargeReplies large;
  private final List<Pending> commands = new ArrayList<>();
  private final Loss loss = new Loss();
  private final AtomicBoolean over = new AtomicBoolean();
  private final long begunAt = System.nanoTime();
  private volatile boolean sending = true;
  private volatile boolean cut;
  private volatile boolean cutAmidReply;

  /** What has arrived of the replies; null before and after their reading. */
  private final AtomicReference<@Nullable Arrival> arriving = new AtomicReference<>();

  /** Used only by the leader. */
  private int bytes;

  private int sent;
  private int answered;
  private long waited;

  /** How much of the last reply has arrived, wholly or not. */
  private long arrived;

  /** The replies on their way. */
  private record Arrival(NodeConnection on, long movedBefore, long sinceNanos) {
    long bytes() {
      return on.moved() - movedBefore;
    }
  }

  /**
   * Makes an empty one.
   *
   * @param connection one whose reads wait for {@code longestRead}
   */
  Batch(Connection connection, Duration longestRead, LargeReplies large) {
    this.connection = connection;
    this.longestRead = longestRead;
    longestPause = longestRead.dividedBy(4);
    this.large = large;
  }

  boolean hasRoomFor(Pending next) {
    return commands.size() < MOST_COMMANDS
        && (commands.isEmpty() || bytes + next.bytes() <= MOST_BYTES);
  }

  void add(Pending taken) {
    commands.add(taken);
    bytes += taken.bytes();
  }

  /** Returns the loss that its callers share if the connection is lost. */
  Loss loss() {
    return loss;
  }

  /**
   * Sends all commands and gives each caller its reply. Tells whether the connection can be used again; else it is closed.
   *
   * @param again receives commands to be sent with a later batch
   * @param onLoss runs before any caller learns that the connection is lost, if it was lost and not just too slow
   */
  boolean exchange(Consumer<Pending> again, Runnable onLoss) {
    try {
      send();
      read();
      return over.compareAndSet(false, true);
    } catch (Throwable lost) {
      // An Error as well: the others must not wait for replies that no thread reads.
      over.set(true);
      disconnect();
      if (!cut && !RedisFailure.timedOut(lost)) {
        onLoss.run();
      }
      end(lost, again);
      return false;
    }
  }

  private void send() {
    for (Pending next : commands) {
      if (!connection.isConnected()) {
        throw new JedisConnectionException("the connection was closed in mid-batch");
      }
      sent++;
      connection.sendCommand(next.command());
    }
    // Reads nothing: this is the only way to flush.
    connection.getMany(0);
    sending = false;
  }

  private void read() {
    if (connection instanceof NodeConnection known) {
      arriving.lazySet(new Arrival(known, known.moved(), System.nanoTime()));
    }
    try {
      readAll();
    } finally {
      arriving.lazySet(null);
    }
  }

  private void readAll() {
    while (answered < commands.size()) {
      Pending next = commands.get(answered);
      try {
        Object raw = readOne();
        answered++;
        large.note(next.command(), raw);
        next.answer(raw);
      } catch (JedisDataException refused) {
        answered++;
        next.refuse(refused);
      }
    }
    waitFor(longestRead.toMillis());
  }

  private @Nullable Object readOne() {
    long longest = longestRead.toNanos();
    long allowed = Math.max(longest - waited, longest / 10);
    waitFor(Math.max(1, Duration.ofNanos(allowed).toMillis()));
    long from = System.nanoTime();
    long before = moved();
    try {
      return connection.getUnflushedObject();
    } finally {
      arrived = moved() - before;
      if (arrived <= SharedCommands.HUGE_BYTES) {
        // Time beyond the read's time-out was not waiting, nor is the way of a large reply.
        waited += Math.min(System.nanoTime() - from, allowed);
      }
    }
  }

  private long moved() {
    return connection instanceof NodeConnection known ? known.moved() : 0;
  }

  /** Tells whether much is arriving just now, a large reply or many, and not at a crawl. Any thread may ask. */
  boolean isReceiving() {
    Arrival current = arriving.get();
    if (current == null) {
      return false;
    }
    long bytes = current.bytes();
    return bytes > SharedCommands.HUGE_BYTES
        && PayloadCalls.isBrisk(bytes, System.nanoTime() - current.sinceNanos())
        && current.on().hasMovedWithin(longestPause);
  }

  private void waitFor(long millis) {
    if (connection.getSoTimeout() != millis) {
      connection.setSoTimeout((int) millis);
    }
  }

  private void end(Throwable failure, Consumer<Pending> again) {
    // A cut connection fails like a closed socket, but it was cut because the server was slow.
    Throwable lost = cut && !RedisFailure.timedOut(failure)
        ? new JedisConnectionException(
            "the server took or answered no more", new SocketTimeoutException("cut"))
        : failure;
    boolean slow = RedisFailure.timedOut(lost);
    if (arrived > SharedCommands.HUGE_BYTES && answered < commands.size()) {
      large.noteHuge(commands.get(answered).command(), arrived);
    }
    for (int i = answered; i < commands.size(); i++) {
      Pending next = commands.get(i);
      boolean unsent = i >= sent;
      if (!slow && (unsent ? next.putBack() : next.again())) {
        again.accept(next);
      } else if (unsent) {
        next.refuse(new UnsentException(
            next.name() + " was not sent: the connection was lost before", lost, loss));
      } else {
        next.lose(lost, cutAmidReply);
      }
    }
  }

  /** Tells whether this began longer ago than {@code age}. */
  boolean isOlderThan(Duration age) {
    return System.nanoTime() - begunAt > age.toNanos();
  }

  /** Tells whether the server has not accepted all commands yet. */
  boolean isSending() {
    return sending;
  }

  /** Closes the connection to free the leader, unless the batch is over. */
  void cut() {
    boolean receiving = isReceiving();
    if (over.compareAndSet(false, true)) {
      cutAmidReply = receiving;
      cut = true;
      disconnect();
    }
  }

  private void disconnect() {
    try {
      // Not a close that would flush: the server may not take it.
      connection.forceDisconnect();
    } catch (IOException | RuntimeException alreadyGone) {
      // It is closed, as intended.
    }
  }
}
