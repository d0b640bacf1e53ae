package io.github.scalingtoolkit.core.redis;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.CommandObject;
import redis.clients.jedis.Connection;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.providers.ConnectionProvider;

/** Runs each command on its own connection, for an access that does not share connections. */
final class SingleCalls implements Calls {
  private final ConnectionProvider provider;
  private final @Nullable PayloadCalls payloads;
  private final Duration deadline;

  SingleCalls(ConnectionProvider provider, @Nullable PayloadCalls payloads, Duration deadline) {
    this.provider = provider;
    this.payloads = payloads;
    this.deadline = deadline;
  }

  @Override
  public <T> T execute(CommandObject<T> command, CallContext context) {
    CommandArguments arguments = command.getArguments();
    SharedCommands.refuseBlocking(arguments, deadline);
    int bytes = SharedCommands.bytes(arguments);
    return bytes > SharedCommands.HUGE_BYTES && payloads != null
        ? payloads.run(command, bytes, context)
        : alone(provider, command, context);
  }

  @Override
  public <T> T payload(CommandObject<T> command, int bytes, CallContext context) {
    return payloads == null
        ? alone(provider, command, context)
        : payloads.run(command, bytes, context);
  }

  /**
   * Runs a command on an exclusive connection; once more if that was lost, the command only reads and
   * its caller does not send it again.
   */
  static <T> T alone(ConnectionProvider provider, CommandObject<T> command, CallContext context) {
    try {
      return once(provider, command);
    } catch (UnknownOutcomeException lost) {
      if (RedisFailure.timedOut(lost)) {
        throw lost;
      }
      NodePools.dropIdle(provider);
      if (context.callerResends() || !SharedCommands.onlyReads(command.getArguments())) {
        throw lost;
      }
      return once(provider, command);
    }
  }

  private static <T> T once(ConnectionProvider provider, CommandObject<T> command) {
    try (Connection connection = provider.getConnection(command.getArguments())) {
      try {
        return connection.executeCommand(command);
      } catch (JedisConnectionException lost) {
        throw new UnknownOutcomeException(
            command.getArguments().getCommand()
                + " was sent but its connection was lost: it may have taken effect",
            lost,
            null);
      }
    }
  }
}
