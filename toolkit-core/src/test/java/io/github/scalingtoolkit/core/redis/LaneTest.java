package io.github.scalingtoolkit.core.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.core.time.Deadline;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.RedisServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.Connection;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.JedisClientConfig;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.args.Rawable;
import redis.clients.jedis.commands.ProtocolCommand;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.providers.ConnectionProvider;

/** One lane to a real server, whose first leader is held until all have queued: so what a batch has is known. */
@Tag("slow")
class LaneTest {
  private static final Duration LONG = Duration.ofSeconds(30);

  /** Long enough for all to queue before most of it is over, on a machine that does other things as well. */
  private static final Duration SHORT = Duration.ofSeconds(4);

  /** The server answers it, and closes the connection before it reads what comes after. */
  private static final ProtocolCommand QUIT = () -> "QUIT".getBytes(StandardCharsets.US_ASCII);

  private final RedisServer server = RedisServer.start();
  private final CountDownLatch open = new CountDownLatch(1);
  private final List<Caller> callers = new ArrayList<>();

  @AfterEach
  void stop() {
    server.resume();
    server.close();
  }

  @Test
  void aProcessThatStoodStillReadsTheRepliesThatHaveComeMeanwhile() {
    Lane lane = lane(Duration.ofSeconds(1), () -> new Connection(node(), config(0)) {
      private boolean stoodStill;

      @Override
      public Object getUnflushedObject() {
        Object reply = super.getUnflushedObject();
        if (!stoodStill) {
          stoodStill = true;
          LockSupport.parkNanos(Duration.ofMillis(2_500).toNanos());
        }
        return reply;
      }
    });
    for (int i = 0; i < 8; i++) {
      join(lane, command(Command.ECHO, "text" + i), LONG);
    }

    run();

    for (int i = 0; i < 8; i++) {
      assertThat(callers.get(i).reply()).isEqualTo("text" + i);
    }
  }

  @Test
  void aPeerThatStopsReadingBlocksNoCallerNotEvenTheLeader() {
    Duration deadline = Duration.ofMillis(200);
    Connection narrow = new Connection(this::narrowSocket, config(0));
    Lane lane = lane(deadline, () -> narrow);
    String large = "v".repeat(60_000);
    // More than what lies between the two takes up.
    for (int i = 0; i < 20; i++) {
      start(lane, command(Command.SET, "key" + i, large), SHORT);
    }
    awaitQueued();
    server.pause();

    run();

    assertThat(callers)
        .extracting(caller -> caller.failure.get())
        .hasOnlyElementsOfType(JedisConnectionException.class)
        .hasAtLeastOneElementOfType(UnknownOutcomeException.class);
  }

  @Test
  void aCallerLateInItsPatienceStaysToFreeItsBatchsLeader() {
    Duration deadline = Duration.ofMillis(200);
    Connection narrow = new Connection(this::narrowSocket, config(0));
    Lane lane = lane(deadline, () -> narrow);
    String large = "v".repeat(60_000);
    // It leads, and so outlasts its patience; that of the others is nearly over before there is a
    // batch.
    start(lane, command(Command.SET, "key", large), deadline.multipliedBy(2));
    awaitQueued();
    for (int i = 0; i < 20; i++) {
      start(lane, command(Command.SET, "key" + i, large), SHORT);
    }
    awaitQueued();
    long queuedAt = System.nanoTime();
    Await.until(
        "their time is nearly over", () -> System.nanoTime() - queuedAt > SHORT.toNanos() / 5 * 4);
    server.pause();

    run();

    assertThat(callers)
        .extracting(caller -> caller.failure.get())
        .hasOnlyElementsOfType(JedisConnectionException.class)
        .hasAtLeastOneElementOfType(UnknownOutcomeException.class);
  }

  @Test
  void aConnectionThatIsLostInMidBatchCountsOnceHoweverManyWereOnIt() {
    Lane lane = lane(LONG, this::connection);
    join(lane, command(Command.INCR, "count"), LONG);
    join(lane, new CommandArguments(QUIT), LONG);
    for (int i = 0; i < 6; i++) {
      join(lane, command(Command.INCR, "count"), LONG);
    }

    run();

    assertThat(callers.get(0).failure.get()).isNull();
    assertThat(callers.get(1).failure.get()).isNull();
    List<Caller> lost = callers.subList(2, 8);
    assertThat(lost)
        .allSatisfy(
            caller -> assertThat(caller.failure.get()).isInstanceOf(UnknownOutcomeException.class));
    assertThat(lost)
        .filteredOn(caller -> RedisFailure.counts(caller.failure.get()))
        .hasSize(1);
  }

  @Test
  void aReplyThatIsNotThereInTimeCountsOnceHoweverManyWaitedForIt() {
    Lane lane = lane(Duration.ofMillis(100), this::connection);
    for (int i = 0; i < 6; i++) {
      join(lane, command(Command.INCR, "count"), LONG);
    }
    Await.until("it is connected", () -> lent.size() == 1);
    server.pause();

    run();

    assertThat(callers)
        .filteredOn(caller -> RedisFailure.counts(caller.failure.get()))
        .hasSize(1);
  }

  @Test
  void whatWasNotSentWhenTheConnectionWasLostIsSentOverTheNext() {
    Lane lane = lane(LONG, this::connection);
    join(lane, command(Command.INCR, "before"), LONG);
    join(lane, command(Command.SET, "key").add(closing("value")), LONG);
    join(lane, command(Command.INCR, "after"), LONG);

    run();

    // As it was in Jedis' buffer.
    assertThat(callers.get(0).failure.get())
        .isInstanceOf(UnknownOutcomeException.class)
        .hasMessageContaining("may have taken effect");
    assertThat(callers.get(2).reply()).isEqualTo(1L);
    try (Jedis other = server.connect()) {
      assertThat(other.get("after")).isNull();
      other.select(3);
      assertThat(other.get("after")).isEqualTo("1");
    }
  }

  @Test
  void readsAreResentAfterALostReplyUnlessTheCallerResends() {
    Lane lane = lane(LONG, this::connection);
    join(lane, new CommandArguments(QUIT), LONG);
    join(lane, command(Command.GET, "none"), LONG);
    callers.add(new Caller(lane, command(Command.GET, "none"), LONG) {
      @Override
      Pending pending(CommandArguments command, int bytes, Duration patience) {
        return new Pending(command, bytes, patience, null, CallContext.SECOND);
      }
    });
    callers.get(2).start();
    awaitQueued();
    join(lane, command(Command.INCR, "count"), LONG);

    run();

    assertThat(callers.get(1).reply()).isNull();
    assertThat(callers.get(2).failure.get()).isInstanceOf(UnknownOutcomeException.class);
    assertThat(callers.get(3).failure.get()).isInstanceOf(UnknownOutcomeException.class);
  }

  @Test
  void aBatchHasAtMost256Commands() {
    Queue<List<CommandArguments>> batches = new ConcurrentLinkedQueue<>();
    Lane lane = lane(LONG, () -> new Recording(node(), config(0), batches));
    for (int i = 0; i < 300; i++) {
      start(lane, command(Command.ECHO, "text" + i), LONG);
    }
    awaitQueued();

    run();

    assertThat(batches).extracting(List::size).containsExactly(256, 44);
  }

  @Test
  void aBatchHasAtMost64KiB() {
    Queue<List<CommandArguments>> batches = new ConcurrentLinkedQueue<>();
    Lane lane = lane(LONG, () -> new Recording(node(), config(0), batches));
    String large = "v".repeat(20_000);
    for (int i = 0; i < 8; i++) {
      start(lane, command(Command.ECHO, large), LONG);
    }
    awaitQueued();

    run();

    assertThat(batches).extracting(List::size).containsExactly(3, 3, 2);
  }

  @Test
  void aConnectionThatWasClosedBeforeItIsUsedGoesBackToItsPool() {
    CountDownLatch back = new CountDownLatch(1);
    Lane lane = lane(Duration.ofMillis(100), () -> new Connection(node(), config(0)) {
      @Override
      public void setSoTimeout(int millis) {
        throw new JedisConnectionException("closed");
      }

      @Override
      public void close() {
        super.close();
        back.countDown();
      }
    });
    join(lane, command(Command.PING), LONG);

    run();

    assertThat(callers.get(0).failure.get()).isInstanceOf(JedisConnectionException.class);
    assertThat(back.getCount()).isZero();
  }

  private final Queue<Connection> lent = new ConcurrentLinkedQueue<>();

  /** Returns a lane that is lent its first connection once all have queued. */
  private Lane lane(Duration longestRead, Supplier<Connection> connections) {
    ConnectionProvider provider = new ConnectionProvider() {
      @Override
      public Connection getConnection() {
        Connection connection = connections.get();
        lent.add(connection);
        try {
          open.await();
        } catch (InterruptedException e) {
          throw new JedisConnectionException(e);
        }
        return connection;
      }

      @Override
      public Connection getConnection(CommandArguments arguments) {
        return getConnection();
      }

      @Override
      public void close() {}
    };
    return new Lane(provider, longestRead, new LargeReplies());
  }

  @Test
  void aCallerWhoseDeadlineIsOverLeavesThoughTheLeaderIsHeld() {
    Lane lane = lane(LONG, this::connection);
    join(lane, command(Command.ECHO, "first"), LONG);
    Pending late = new Pending(
        command(Command.ECHO, "late"),
        64,
        LONG,
        Deadline.after(Duration.ZERO, Clock.system()),
        CallContext.ONCE);

    assertThatThrownBy(() -> lane.execute(late)).isInstanceOf(UnsentException.class);

    run();
    assertThat(callers.get(0).reply()).isEqualTo("first");
  }

  /** Queues a command behind those that are queued. */
  private void join(Lane lane, CommandArguments command, Duration patience) {
    start(lane, command, patience);
    awaitQueued();
  }

  private void start(Lane lane, CommandArguments command, Duration patience) {
    Caller caller = new Caller(lane, command, patience);
    callers.add(caller);
    caller.start();
  }

  private void awaitQueued() {
    Await.until("all wait", () -> callers.stream().allMatch(Caller::waits));
  }

  /** Lets the leader go, and returns once all have ended. */
  private void run() {
    open.countDown();
    Await.until("all have ended", () -> callers.stream().noneMatch(Thread::isAlive));
  }

  private HostAndPort node() {
    return new HostAndPort("127.0.0.1", server.port());
  }

  private static JedisClientConfig config(int database) {
    return DefaultJedisClientConfig.builder()
        .resp2()
        .database(database)
        .timeoutMillis(30_000)
        .build();
  }

  private Connection connection() {
    JedisClientConfig config = config(3);
    return new NodeConnection.Maker(node(), config, new Renewals("x", new RefusedWrites())).build();
  }

  /** A socket that hands little over at once. */
  private Socket narrowSocket() {
    try {
      Socket socket = new Socket();
      socket.setSendBufferSize(4096);
      socket.setSoLinger(true, 0);
      socket.connect(new InetSocketAddress("127.0.0.1", server.port()), 30_000);
      socket.setSoTimeout(30_000);
      return socket;
    } catch (IOException e) {
      throw new JedisConnectionException(e);
    }
  }

  /** An argument at whose sending the connection is closed. */
  private Rawable closing(String value) {
    return new Rawable() {
      @Override
      public byte[] getRaw() {
        lent.forEach(connection -> {
          try {
            connection.forceDisconnect();
          } catch (IOException alreadyClosed) {
            throw new AssertionError(alreadyClosed);
          }
        });
        return value.getBytes(StandardCharsets.US_ASCII);
      }
    };
  }

  private static CommandArguments command(Command command, String... arguments) {
    return new CommandArguments(command).addObjects((Object[]) arguments);
  }

  private static class Caller extends Thread {
    private final AtomicReference<@Nullable Object> reply = new AtomicReference<>();
    final AtomicReference<@Nullable RuntimeException> failure = new AtomicReference<>();
    private final Lane lane;
    private final CommandArguments command;
    private final Duration patience;

    Caller(Lane lane, CommandArguments command, Duration patience) {
      this.lane = lane;
      this.command = command;
      this.patience = patience;
      setDaemon(true);
    }

    @Override
    public void run() {
      int bytes = command.getCommand() == Command.ECHO ? SharedCommands.bytes(command) : 64;
      try {
        reply.set(lane.execute(pending(command, bytes, patience)));
      } catch (RuntimeException failed) {
        failure.set(failed);
      }
    }

    Pending pending(CommandArguments command, int bytes, Duration patience) {
      return new Pending(command, bytes, patience);
    }

    boolean waits() {
      return getState() == State.WAITING || getState() == State.TIMED_WAITING;
    }

    @Nullable
    Object reply() {
      assertThat(failure.get()).isNull();
      return reply.get() instanceof byte[] text
          ? new String(text, StandardCharsets.UTF_8)
          : reply.get();
    }
  }

  /** Notes which commands were sent together. */
  private static final class Recording extends Connection {
    private final Queue<List<CommandArguments>> batches;
    private @Nullable List<CommandArguments> sent;

    Recording(HostAndPort node, JedisClientConfig config, Queue<List<CommandArguments>> batches) {
      super(node, config);
      this.batches = batches;
      sent = new ArrayList<>();
    }

    @Override
    public void sendCommand(CommandArguments command) {
      // Null during the greetings.
      if (sent != null) {
        sent.add(command);
      }
      super.sendCommand(command);
    }

    @Override
    protected void flush() {
      if (sent != null) {
        batches.add(sent);
        sent = new ArrayList<>();
      }
      super.flush();
    }
  }
}
