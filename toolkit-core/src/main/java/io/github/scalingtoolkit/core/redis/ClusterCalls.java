package io.github.scalingtoolkit.core.redis;

import io.github.scalingtoolkit.core.guard.Guard;
import io.github.scalingtoolkit.core.guard.GuardState;
import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.core.time.Deadline;
import java.time.Duration;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.CommandFlagsRegistry;
import redis.clients.jedis.CommandObject;
import redis.clients.jedis.Connection;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Protocol;
import redis.clients.jedis.StaticCommandFlagsRegistry;
import redis.clients.jedis.exceptions.JedisAskDataException;
import redis.clients.jedis.exceptions.JedisClusterOperationException;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisMovedDataException;
import redis.clients.jedis.executors.ClusterCommandExecutor;

/**
 * Runs a cluster's commands: each through the breaker of its node, and within its deadline, including redirections
 * and second tries.
 *
 * <p><b>What follows a failure.</b> A redirection (MOVED, ASK) is followed, at most five times. TRYAGAIN, while a slot
 * moves, is repeated for nine tenths of its time, so that no try is cut off; after CLUSTERDOWN of an unserved slot five more
 * tries follow, while the topology is asked for. A lost connection is tried once more if the command only reads or its caller
 * allows it, and counts as no failure if that succeeds. Every failure of a node refreshes the topology in the background.
 *
 * <p>It extends Jedis' executor because Jedis' cluster client requires that class; its loop runs once, and everything
 * happens in its one method that can be overridden. Safe for use by several threads.
 */
final class ClusterCalls extends ClusterCommandExecutor {
  private static final int MOST_REDIRECTIONS = 5;
  private static final String UNSERVED = "CLUSTERDOWN Hash slot not served";
  private static final String UNTIL_ITS_END = "until its deadline was over";
  private static final long TRY_AGAIN_NANOS = Duration.ofMillis(2).toNanos();

  private final ClusterNodes nodes;
  private final Function<HostAndPort, Guard> guards;
  private final CallContext context;
  private final Duration deadline;
  private final @Nullable PayloadCalls payloads;
  private final boolean mayBlock;

  /**
   * Makes one.
   *
   * @param guards gives the breaker of a node
   * @param payloads runs what is too large for the deadline; null if it goes with the rest
   */
  ClusterCalls(
      ClusterNodes nodes,
      Function<HostAndPort, Guard> guards,
      CallContext context,
      Duration deadline,
      @Nullable PayloadCalls payloads) {
    this(nodes, guards, context, deadline, payloads, false);
  }

  private ClusterCalls(
      ClusterNodes nodes,
      Function<HostAndPort, Guard> guards,
      CallContext context,
      Duration deadline,
      @Nullable PayloadCalls payloads,
      boolean mayBlock) {
    super(nodes, 1, deadline, StaticCommandFlagsRegistry.registry());
    this.nodes = nodes;
    this.guards = guards;
    this.context = context;
    this.deadline = deadline;
    this.payloads = payloads;
    this.mayBlock = mayBlock;
  }

  /** Returns those of the client for commands that block, for up to {@code longest}: no breaker. */
  static ClusterCalls blocking(ClusterNodes nodes, Duration longest) {
    return new ClusterCalls(
        nodes,
        node -> {
          throw new IllegalStateException("there is no breaker before commands that block");
        },
        CallContext.RAW,
        longest,
        null,
        true);
  }

  @Override
  protected <T> T execute(Connection connection, CommandObject<T> command) {
    if (!mayBlock) {
      SharedCommands.refuseBlocking(command.getArguments(), deadline);
    }
    if (connection instanceof ClusterNodes.AtNode) {
      return withoutKeys(connection.getHostAndPort(), command);
    }
    if (connection != ClusterNodes.BY_SLOT) {
      // What Jedis sends to all nodes, replicas as well.
      return guarded(
          connection.getHostAndPort(),
          Deadline.current(),
          () -> sent(command, () -> super.execute(connection, command)));
    }
    CommandArguments arguments = command.getArguments();
    int slot = slot(arguments);
    if (payloads != null) {
      int bytes = SharedCommands.bytes(arguments);
      if (bytes > SharedCommands.HUGE_BYTES) {
        PayloadCalls large = payloads;
        return routed(
            command,
            slot,
            large.time(bytes),
            (node, asking, time) ->
                large.run(node, command, bytes, asking, context, time.callers()));
      }
    }
    return routed(
        command, slot, deadline, (node, asking, time) -> exchange(node, command, asking, time));
  }

  /** Runs a command at a node that Jedis has chosen; at another one if that is failing and the command is for any. */
  private <T> T withoutKeys(HostAndPort chosen, CommandObject<T> command) {
    boolean isForEach =
        StaticCommandFlagsRegistry.registry().getRequestPolicy(command.getArguments())
            == CommandFlagsRegistry.RequestPolicy.ALL_SHARDS;
    HostAndPort node = isForEach || !context.guarded() ? chosen : aWellOne(chosen);
    try {
      return Time.bounded(deadline, time -> exchange(node, command, false, time));
    } catch (JedisConnectionException lost) {
      nodes.refreshSoon();
      throw lost;
    }
  }

  private HostAndPort aWellOne(HostAndPort chosen) {
    if (isWell(chosen)) {
      return chosen;
    }
    for (String name : nodes.getPrimaryNodes().keySet()) {
      HostAndPort other = HostAndPort.from(name);
      if (isWell(other)) {
        return other;
      }
    }
    return chosen;
  }

  private boolean isWell(HostAndPort node) {
    return guards.apply(node).state() == GuardState.CLOSED;
  }

  /** Runs a command that carries or brings a payload of up to {@code bytes}, on the connections for those. */
  <T> T payload(CommandObject<T> command, int bytes) {
    PayloadCalls large = Objects.requireNonNull(payloads);
    return routed(
        command,
        slot(command.getArguments()),
        large.time(bytes),
        (node, asking, time) -> large.run(node, command, bytes, asking, context, time.callers()));
  }

  /** One attempt at a node. */
  private interface Attempt<T> {
    T at(HostAndPort node, boolean asking, Time time);
  }

  /**
   * The time of one call, with its redirections: bound to the thread as a {@link Deadline}, which everything obeys that
   * opens connections and waits for them.
   *
   * @param untilNanos when it is over, in {@link System#nanoTime}
   * @param lastTryNanos when the last try may begin: one cut off in its course would hide that nothing was run before
   * @param callers the deadline that the caller came with; null if it came with none
   */
  private record Time(
      long untilNanos, long lastTryNanos, @Nullable Deadline callers) {
    static <T> T bounded(Duration usual, Function<Time, T> call) {
      Deadline callers = Deadline.current();
      long nanos = Deadline.within(usual).toNanos();
      long until = System.nanoTime() + nanos;
      Time time = new Time(until, until - nanos / 10, callers);
      return Deadline.after(usual, Clock.system()).call(() -> call.apply(time));
    }

    boolean isOver() {
      return System.nanoTime() - untilNanos > 0;
    }

    boolean allowsAnother(long pauseNanos) {
      return System.nanoTime() + pauseNanos - lastTryNanos <= 0;
    }
  }

  private <T> T routed(CommandObject<T> command, int slot, Duration usual, Attempt<T> attempt) {
    return Time.bounded(usual, time -> routed(slot, time, attempt));
  }

  private <T> T routed(int slot, Time time, Attempt<T> attempt) {
    @Nullable HostAndPort redirected = null;
    boolean asking = false;
    for (int redirections = 0; ; ) {
      HostAndPort node = redirected == null ? master(slot) : redirected;
      boolean asks = asking;
      try {
        return attempt.at(node, asks, time);
      } catch (JedisMovedDataException moved) {
        nodes.moved(moved.getSlot(), moved.getTargetNode());
        redirected = moved.getTargetNode();
        asking = false;
        redirections = counted(redirections, time, slot, moved);
      } catch (JedisAskDataException ask) {
        redirected = ask.getTargetNode();
        asking = true;
        redirections = counted(redirections, time, slot, ask);
      } catch (JedisDataException reply) {
        redirected = null;
        asking = false;
        if (String.valueOf(reply.getMessage()).startsWith(UNSERVED)) {
          // A node that has left says so of each slot that it served: the topology tells who has
          // them now.
          nodes.refreshSoon();
          if (++redirections > MOST_REDIRECTIONS || !time.allowsAnother(TRY_AGAIN_NANOS)) {
            throw reply;
          }
        } else if (String.valueOf(reply.getMessage()).startsWith("TRYAGAIN")) {
          if (!time.allowsAnother(TRY_AGAIN_NANOS)) {
            throw stillMoving(slot, UNTIL_ITS_END, reply);
          }
          // While a slot moves each round has a redirection of its own; the deadline bounds them.
          redirections = 0;
        } else {
          throw reply;
        }
        LockSupport.parkNanos(this, TRY_AGAIN_NANOS);
      } catch (JedisConnectionException lost) {
        nodes.refreshSoon();
        throw lost;
      }
    }
  }

  private static int counted(int redirections, Time time, int slot, JedisDataException last) {
    if (!time.allowsAnother(0)) {
      throw stillMoving(slot, UNTIL_ITS_END, last);
    }
    if (redirections == MOST_REDIRECTIONS) {
      throw stillMoving(slot, MOST_REDIRECTIONS + " times", last);
    }
    return redirections + 1;
  }

  /** What ends the call is no redirection any more: Jedis would follow it once more, and hide it behind its own words. */
  private static JedisDataException stillMoving(int slot, String howLong, JedisDataException last) {
    return new JedisDataException(
        "TRYAGAIN slot " + slot + " is moving: its nodes sent the call on " + howLong
            + ", so it was not run; repeat it later; last answer: " + last.getMessage(),
        last);
  }

  /** One exchange with a node as its breaker sees it: a connection that was closed meanwhile is not a failure of the node. */
  private <T> T exchange(HostAndPort node, CommandObject<T> command, boolean asking, Time time) {
    return guarded(node, time.callers(), () -> {
      try {
        return once(node, command, asking, time);
      } catch (UnknownOutcomeException lost) {
        if (RedisFailure.timedOut(lost) || time.isOver()) {
          throw lost;
        }
        nodes.pool(node).clear();
        if (context.callerResends() || !SharedCommands.onlyReads(command.getArguments())) {
          throw context.firstOfTwo() ? lost.counted() : lost;
        }
        return once(node, command, asking, time);
      }
    });
  }

  private <T> T once(HostAndPort node, CommandObject<T> command, boolean asking, Time time) {
    try (Connection connection = nodes.pool(node).getResource()) {
      long left = (time.untilNanos() - System.nanoTime()) / Duration.ofMillis(1).toNanos() + 1;
      // Opening a connection may have used up the time: its first reply still gets a short wait.
      int millis = (int) Math.max(left, Math.max(1, deadline.toMillis() / 10));
      if (millis < connection.getSoTimeout()) {
        connection.setSoTimeout(millis);
      }
      return sent(command, () -> {
        if (asking) {
          connection.executeCommand(Protocol.Command.ASKING);
        }
        return super.execute(connection, command);
      });
    }
  }

  /** Says of a connection lost from here on that the command may have taken effect. */
  static <T> T sent(CommandObject<?> command, Supplier<T> exchange) {
    try {
      return exchange.get();
    } catch (JedisConnectionException lost) {
      throw new UnknownOutcomeException(
          command.getArguments().getCommand()
              + " was sent but its connection was lost: it may have taken effect",
          lost,
          null);
    }
  }

  private <T> T guarded(HostAndPort node, @Nullable Deadline callers, Supplier<T> call) {
    return context.guarded()
        ? guards.apply(node).call(() -> OwnTime.marked(deadline, callers, call::get))
        : call.get();
  }

  private HostAndPort master(int slot) {
    HostAndPort master = nodes.master(slot);
    if (master == null) {
      nodes.refreshSoon();
      throw new JedisClusterOperationException("no known node serves slot " + slot);
    }
    return master;
  }

  private static int slot(CommandArguments arguments) {
    Set<Integer> slots = arguments.getKeyHashSlots();
    if (slots.size() != 1) {
      throw new JedisDataException(
          "CROSSSLOT the keys of one command must be in one slot but were in " + slots.size() + ": "
              + arguments.getCommand());
    }
    return slots.iterator().next();
  }
}
