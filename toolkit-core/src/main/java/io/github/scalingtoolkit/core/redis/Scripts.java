package io.github.scalingtoolkit.core.redis;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.AbstractPipeline;
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
