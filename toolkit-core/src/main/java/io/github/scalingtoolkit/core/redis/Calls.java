package io.github.scalingtoolkit.core.redis;

import redis.clients.jedis.CommandObject;
import redis.clients.jedis.executors.CommandExecutor;

/** Runs commands on one server's connections, for several clients that differ in their {@link CallContext}. */
interface Calls {
  /** Runs a command. */
  <T> T execute(CommandObject<T> command, CallContext context);

  /** Runs a command that carries or brings a payload of up to {@code bytes}, on the connections for those. */
  <T> T payload(CommandObject<T> command, int bytes, CallContext context);

  /** Returns these for a Jedis client; closing it closes nothing, as others use the connections as well. */
  default CommandExecutor in(CallContext context) {
    return new CommandExecutor() {
      @Override
      public <T> T executeCommand(CommandObject<T> command) {
        return execute(command, context);
      }

      @Override
      public void close() {
        // The access closes the providers.
      }
    };
  }
}
