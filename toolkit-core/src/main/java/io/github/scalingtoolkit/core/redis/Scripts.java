package io.github.scalingtoolkit.core.redis;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.AbstractPipeline;
import redis.clients.jedis.BuilderFactory;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.CommandObject;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.Response;
import redis.clients.jedis.UnifiedJedis;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisNoScriptException;

/** Runs scripts by their SHA-1, and sends the source to a server that does not know it. */
final class Scripts {
  private Scripts() {}

  static @Nullable Object run(
      UnifiedJedis client, LuaScript script, List<byte[]> keys, List<byte[]> args) {
    try {
      return client.evalsha(script.sha1Bytes(), keys, args);
    } catch (JedisNoScriptException unknown) {
      return client.eval(script.textBytes(), keys, args);
    }
  }

  /** Runs a script among the payloads, of which the reply is expected to have {@code replyBytes}. */
  static @Nullable Object payload(
      Clients.Payloads payloads,
      LuaScript script,
      List<byte[]> keys,
      List<byte[]> args,
      int replyBytes) {
    CommandArguments known = arguments(Command.EVALSHA, script.sha1Bytes(), keys, args);
    int bytes = (int) Math.min(Integer.MAX_VALUE, (long) SharedCommands.bytes(known) + replyBytes);
    try {
      return payloads.run(new CommandObject<>(known, BuilderFactory.RAW_OBJECT), bytes);
    } catch (JedisNoScriptException unknown) {
      CommandArguments source = arguments(Command.EVAL, script.textBytes(), keys, args);
      return payloads.run(new CommandObject<>(source, BuilderFactory.RAW_OBJECT), bytes);
    }
  }

  private static CommandArguments arguments(
      Command command, byte[] script, List<byte[]> keys, List<byte[]> args) {
    CommandArguments arguments = new CommandArguments(command).add(script).add(keys.size());
    keys.forEach(arguments::key);
    args.forEach(arguments::add);
    return arguments;
  }

  static ScriptReply reply(UnifiedJedis client, ScriptCall call) {
    try {
      return new ScriptReply(run(client, call.script(), call.keys(), call.args()), null);
    } catch (JedisDataException refused) {
      return new ScriptReply(null, refused);
    }
  }

  static List<ScriptReply> pipelined(UnifiedJedis client, List<ScriptCall> calls) {
    List<Response<Object>> responses = new ArrayList<>(calls.size());
    try (AbstractPipeline pipeline = client.pipelined()) {
      for (ScriptCall call : calls) {
        responses.add(pipeline.evalsha(call.script().sha1Bytes(), call.keys(), call.args()));
      }
      pipeline.sync();
    }
    List<ScriptReply> replies = new ArrayList<>(calls.size());
    for (int i = 0; i < calls.size(); i++) {
      try {
        replies.add(new ScriptReply(responses.get(i).get(), null));
      } catch (JedisNoScriptException unknown) {
        replies.add(reply(client, calls.get(i)));
      } catch (JedisDataException refused) {
        replies.add(new ScriptReply(null, refused));
      }
    }
    return replies;
  }
}
