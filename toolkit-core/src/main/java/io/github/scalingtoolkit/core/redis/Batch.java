package io.github.scalingtoolkit.core.redis;

import java.io.IOException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.Connection;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;

/**
 * Commands of several callers on their way over one connection, which a {@link Lane}'s leader sends and whose replies he
 * reads.
 *
 * <p>Under way until the leader has ended it or somebody {@linkplain #cut cut} it, whoever is first. Only one of
 * them has the connection then: who is not the first leaves it alone, so that none is cut that is back in its pool.
 *
 * <p><b>Time.</b> All replies together may be waited for as long as one, and then each for a tenth of that. Only waiting
 * counts: where this process stood still (a collection, a CPU quota that was used up), the replies have come meanwhile,
 * and lie ready. So a reply that is there is read however late it is, and one that is not gets its tenth. Writing has no
 * bound of its own in Java: for that there is the cutting.
 */
final class Batch {
  static final int MOST_COMMANDS = 256;
  static final int MOST_BYTES = 64 * 1024;

  private final Connection connection;
  private final Duration longestRead;
  private final @Nullable LargeReplies large;
  private final List<Pending> commands = new ArrayList<>();
  private final Loss loss = new Loss();
  private final AtomicBoolean over = new AtomicBoolean();
  private final long begunAt = System.nanoTime();
  private volatile boolean sending = true;
  private volatile boolean cut;

  /** These are the leader's. */
  private int bytes;

  private int sent;
  private int answered;
  private long waited;

  /**
   * Makes an empty one.
   *
   * @param connection one whose reads wait for {@code longestRead}
   */
  Batch(Connection connection, Duration longestRead, @Nullable LargeReplies large) {
    this.connection = connection;
    this.longestRead = longestRead;
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

  /** Returns what its callers have in common, should the connection be lost. */
  Loss loss() {
    return loss;
  }

  /**
   * Sends all and hands each its reply. Tells whether the connection can be used again; else it is closed.
   *
   * @param again takes what is to be sent with a later batch
   * @param onLoss is run before anybody is told that the connection is lost, if it was lost and not just too slow
   */
  boolean exchange(Consumer<Pending> again, Runnable onLoss) {
    try {
      send();
      read();
      return over.compareAndSet(false, true);
    } catch (Throwable lost) {
      // An Error as well: the others must not wait for what nobody reads.
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
    // Reads nothing: it is the one way to flush.
    connection.getMany(0);
    sending = false;
  }

  private void read() {
    while (answered < commands.size()) {
      Pending next = commands.get(answered);
      try {
        Object raw = readOne();
        answered++;
        if (large != null) {
          large.note(next.command(), raw);
        }
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
    try {
      return connection.getUnflushedObject();
    } finally {
      // What is more than a read may wait was no waiting.
      waited += Math.min(System.nanoTime() - from, allowed);
    }
  }

  private void waitFor(long millis) {
    if (connection.getSoTimeout() != millis) {
      connection.setSoTimeout((int) millis);
    }
  }

  private void end(Throwable failure, Consumer<Pending> again) {
    // What was cut fails as a closed socket does, but it was cut because the server was slow.
    Throwable lost = cut && !RedisFailure.timedOut(failure)
        ? new JedisConnectionException(
            "the server took or answered no more", new SocketTimeoutException("cut"))
        : failure;
    boolean slow = RedisFailure.timedOut(lost);
    for (int i = answered; i < commands.size(); i++) {
      Pending next = commands.get(i);
      boolean unsent = i >= sent;
      if (!slow && (unsent ? next.putBack() : next.again())) {
        again.accept(next);
      } else if (unsent) {
        next.refuse(new UnsentException(
            next.name() + " was not sent: the connection was lost before", lost, loss));
      } else {
        next.lose(lost);
      }
    }
  }

  /** Tells whether this was begun longer ago than {@code age}. */
  boolean isOlderThan(Duration age) {
    return System.nanoTime() - begunAt > age.toNanos();
  }

  /** Tells whether the server has not taken all yet. */
  boolean isSending() {
    return sending;
  }

  /** Closes the connection, so that its leader is free, unless he has ended. */
  void cut() {
    if (over.compareAndSet(false, true)) {
      cut = true;
      disconnect();
    }
  }

  private void disconnect() {
    try {
      // Not a close that would flush: the server may not take it.
      connection.forceDisconnect();
    } catch (IOException | RuntimeException alreadyGone) {
      // That is what was wanted.
    }
  }
}
