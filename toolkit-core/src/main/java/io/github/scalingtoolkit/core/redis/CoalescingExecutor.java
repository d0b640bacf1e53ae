package io.github.scalingtoolkit.core.redis;

import io.github.scalingtoolkit.core.time.Deadline;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.Builder;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.CommandObject;
import redis.clients.jedis.executors.CommandExecutor;
import redis.clients.jedis.providers.ConnectionProvider;

/**
 * Runs the commands of a Jedis client so that concurrent callers share a connection, a write and a read
 * (automatic pipelining). For one server, as itself or behind sentinels; a cluster's redirections are for single
 * commands, and its clients run as in plain Jedis.
 *
 * <p>Few callers gain nothing by sharing, so they don't: each takes a connection of the pool, and only a caller that finds that
 * many commands in progress joins a {@link Lane}. What carries or asks for much shares a lane of its own, away from
 * short commands.
 *
 * <p>What is huge, and what asks for a key that was answered hugely before, is for {@link PayloadCalls}. Whatever
 * {@link SharedCommands} does not know as harmless takes a connection of another pool: the client's own, which its transactions and pipelines hold for as long as they like. The pool of what is shared has one for
 * each that it can need, so that nobody drains it.
 *
 * <p>A thread's commands keep their order, as it waits for each; those of different threads have no order. Safe for
 * use by several threads.
 *
 * <p>A caller with a short deadline shares like the others, and leaves when its time is over: {@link Lane} ensures
 * that this cuts no other caller's reply short.
 */
final class CoalescingExecutor implements CommandExecutor, Calls {
  /** With fewer connections than this there is nothing to lend to lanes. */
  static final int SMALLEST_POOL = 8;

  private static final int MOST_ALONE = 8;

  private static final int LANES = 2;

  private final ConnectionProvider unshared;
  private final ConnectionProvider shared;
  private final Duration deadline;
  private final Duration patience;
  private final int mostAlone;
  private final @Nullable PayloadCalls payloads;
  private final LargeReplies large = new LargeReplies();
  private final Lane[] lanes = new Lane[LANES];
  private final Lane bulk;
  private final AtomicInteger underWay = new AtomicInteger();

  /**
   * Makes one over two pools.
   *
   * @param unshared the client's own
   * @param shared may open {@link #shared} connections
   * @param poolSize connections that both together may open, {@link #SMALLEST_POOL} at least
   * @param deadline how long a read may wait; a caller waits twice that for its turn and its reply
   */
  CoalescingExecutor(
      ConnectionProvider unshared, ConnectionProvider shared, int poolSize, Duration deadline) {
    this(unshared, shared, poolSize, deadline, null);
  }

  /** As the other; {@code payloads} runs what is too large to be shared. */
  CoalescingExecutor(
      ConnectionProvider unshared,
      ConnectionProvider shared,
      int poolSize,
      Duration deadline,
      @Nullable PayloadCalls payloads) {
    this.payloads = payloads;
    this.unshared = unshared;
    this.shared = shared;
    this.deadline = deadline;
    patience = deadline.multipliedBy(2);
    mostAlone = mostAlone(poolSize);
    for (int i = 0; i < LANES; i++) {
      lanes[i] = new Lane(shared, deadline, large);
    }
    bulk = new Lane(shared, deadline, large);
  }

  /** Returns how many of a client's connections are for commands that can be shared. */
  static int shared(int poolSize) {
    return mostAlone(poolSize) + LANES + 1;
  }

  private static int mostAlone(int poolSize) {
    return Math.min(MOST_ALONE, poolSize / 4);
  }

  @Override
  public <T> T executeCommand(CommandObject<T> command) {
    return execute(command, CallContext.RAW);
  }

  @Override
  public <T> T execute(CommandObject<T> command, CallContext context) {
    CommandArguments arguments = command.getArguments();
    SharedCommands.refuseBlocking(arguments, deadline);
    if (!SharedCommands.shareable(arguments)) {
      return apart(command, SharedCommands.bytes(arguments), context);
    }
    int bytes = SharedCommands.bytes(arguments);
    int expected = large.bytes(arguments);
    if (bytes > SharedCommands.HUGE_BYTES || expected > SharedCommands.HUGE_BYTES) {
      return apart(
          expected > 0 ? noted(command) : command,
          (int) Math.min(Integer.MAX_VALUE, (long) bytes + expected),
          context);
    }
    try {
      if (underWay.incrementAndGet() <= mostAlone) {
        return SingleCalls.alone(shared, noted(command), context);
      }
      boolean isLarge = expected > 0 || SharedCommands.isLarge(arguments, bytes);
      return together(isLarge ? bulk : lane(), command, bytes, context);
    } finally {
      underWay.decrementAndGet();
    }
  }

  @Override
  public <T> T payload(CommandObject<T> command, int bytes, CallContext context) {
    return payloads == null
        ? SingleCalls.alone(unshared, command, context)
        : payloads.run(command, bytes, context);
  }

  private <T> T apart(CommandObject<T> command, int bytes, CallContext context) {
    return bytes > SharedCommands.HUGE_BYTES
        ? payload(command, bytes, context)
        : SingleCalls.alone(unshared, command, context);
  }

  @Override
  public void close() throws Exception {
    // Lanes hold connections only while they are led, and return them to a closed pool.
    try (unshared) {
      shared.close();
    }
  }

  /** Returns a command whose reply is looked at before it is built: the next of its kind may go another way. */
  private <T> CommandObject<T> noted(CommandObject<T> command) {
    CommandArguments arguments = command.getArguments();
    return new CommandObject<>(arguments, new Builder<T>() {
      @Override
      public T build(Object raw) {
        large.note(arguments, raw);
        return command.getBuilder().build(raw);
      }
    });
  }

  private <T> T together(Lane lane, CommandObject<T> command, int bytes, CallContext context) {
    @Nullable
    Object raw = lane.execute(
        new Pending(command.getArguments(), bytes, patience, Deadline.current(), context));
    return command.getBuilder().build(raw);
  }

  private Lane lane() {
    return lanes[(int) (Thread.currentThread().getId() % lanes.length)];
  }
}
