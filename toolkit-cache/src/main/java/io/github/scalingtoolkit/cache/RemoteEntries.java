package io.github.scalingtoolkit.cache;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.github.scalingtoolkit.core.guard.RejectedException;
import io.github.scalingtoolkit.core.redis.LuaScript;
import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.core.redis.ScriptCall;
import io.github.scalingtoolkit.core.redis.ScriptReply;
import io.github.scalingtoolkit.core.time.Deadline;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.AbstractPipeline;
import redis.clients.jedis.Response;
import redis.clients.jedis.UnifiedJedis;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisException;
import redis.clients.jedis.exceptions.JedisNoScriptException;

/**
 * The entries in Redis: each method is one command or script on one key, and one round trip. All of them throw what
 * {@link RedisAccess} throws when Redis is out of reach.
 */
final class RemoteEntries {
  private static final LuaScript LEASE = script("lease");
  private static final LuaScript FILL = script("fill");
  private static final LuaScript RENEW = script("renew");
  private static final LuaScript RELEASE = script("release");
  private static final LuaScript EVICT = script("evict");
  private static final LuaScript WRITE_BEGIN = script("write-begin");
  private static final LuaScript WRITE_END = script("write-end");

  /** For so long those who ask key by key wait for nodes that do not answer, and a call more. */
  private static final long FAILURES_MAY_TAKE_NANOS = 100_000_000;

  private static final byte[] NO = {'0'};
  private static final byte[] YES = {'1'};

  private final RedisAccess redis;
  private final Keys keys;
  private final byte[] leaseMillis;
  private final byte[] writeLifetimeMillis;
  private final String sender = Keys.token(LocalEntries.SENDER_LENGTH);

  RemoteEntries(RedisAccess redis, Keys keys, Duration lease, Duration writeLifetime) {
    this.redis = redis;
    this.keys = keys;
    leaseMillis = ascii(lease.toMillis());
    writeLifetimeMillis = ascii(writeLifetime.toMillis());
  }

  /** Tells whether the entries are in the Redis of {@code access}, so that other scripts may share a round trip with theirs. */
  boolean isOn(RedisAccess access) {
    return redis == access;
  }

  /**
   * The entry at a key.
   *
   * @param leftMillis how long it has left; negative if it does not expire
   * @param replaced whether it is a lease that was taken in place of what is no entry
   */
  record Standing(byte[] entry, long leftMillis, boolean replaced) {}

  /** What a node answered of one of several entries, or why it did not: then there is no entry. */
  record Answer<T>(@Nullable T entry, @Nullable RuntimeException failure) {}

  byte @Nullable [] read(String id) {
    byte[] key = keys.entry(id);
    return asking(
        () -> redis.<byte @Nullable [], RuntimeException>callIdempotent(jedis -> jedis.get(key)));
  }

  /**
   * Reads several entries in one round trip. Null where there is none. On a cluster a node that does not answer fails its
   * own entries alone: while one is failing they are asked for one by one, so that its breaker answers for it at once.
   * Once that has cost 100 ms, or the caller's time is over, what is left fails as well.
   *
   * <p>A key of another type counts as none: a lease replaces it.
   *
   * @throws RuntimeException if none could be read
   */
  List<Answer<byte[]>> readAll(List<String> ids) {
    byte[][] all = ids.stream().map(keys::entry).toArray(byte[][]::new);
    if (!redis.isCluster()) {
      return answers(asking(() -> redis.callIdempotent(jedis -> jedis.mget(all))));
    }
    if (redis.isWell()) {
      try {
        return answers(asking(() -> redis.callIdempotent(jedis -> pipelined(jedis, all))));
      } catch (RuntimeException oneByOne) {
        // Perhaps a single node; each call tells its node's breaker.
      }
    }
    return each(ids, id -> {
      try {
        return read(id);
      } catch (RuntimeException failure) {
        if (isOfAnotherType(failure)) {
          return null;
        }
        throw failure;
      }
    });
  }

  static boolean isOfAnotherType(RuntimeException failure) {
    return failure instanceof JedisDataException
        && String.valueOf(failure.getMessage()).startsWith("WRONGTYPE");
  }

  // As MGET answers: null where there is none.
  @SuppressWarnings("NullAway")
  private static List<byte[]> pipelined(UnifiedJedis jedis, byte[][] all) {
    List<Response<byte[]>> responses = new ArrayList<>();
    try (AbstractPipeline pipeline = jedis.pipelined()) {
      for (byte[] key : all) {
        responses.add(pipeline.get(key));
      }
      pipeline.sync();
    }
    List<byte[]> entries = new ArrayList<>();
    for (Response<byte[]> response : responses) {
      try {
        entries.add(response.get());
      } catch (JedisDataException refused) {
        if (!isOfAnotherType(refused)) {
          throw refused;
        }
        entries.add(null);
      }
    }
    return entries;
  }

  private static List<Answer<byte[]>> answers(List<byte[]> entries) {
    List<Answer<byte[]>> answers = new ArrayList<>();
    entries.forEach(entry -> answers.add(new Answer<>(entry, null)));
    return answers;
  }

  /** Asks for each of several, and fails only if all fail. */
  private <T> List<Answer<T>> each(List<String> ids, Function<String, @Nullable T> ask) {
    List<Answer<T>> answers = new ArrayList<>();
    RuntimeException last = null;
    int failures = 0;
    long failing = 0;
    for (String id : ids) {
      if (last != null && (failing > FAILURES_MAY_TAKE_NANOS || callerMayNotWait())) {
        failures++;
        answers.add(new Answer<>(null, last));
        continue;
      }
      long asked = redis.clock().nanoTime();
      try {
        answers.add(new Answer<>(ask.apply(id), null));
      } catch (RuntimeException failure) {
        // What a breaker refuses costs nothing, and the keys of other nodes are asked for.
        failing += redis.clock().nanoTime() - asked;
        last = failure;
        failures++;
        answers.add(new Answer<>(null, failure));
      }
    }
    if (last != null && failures == ids.size()) {
      throw last;
    }
    return answers;
  }

  private static boolean callerMayNotWait() {
    return Deadline.currentIsExpired() || Thread.currentThread().isInterrupted();
  }

  /**
   * Reads an entry, or takes a lease where there is none, or with {@code force} in place of a value.
   *
   * <p>Each try has its own token. A try that was thought lost may run late; with the same token it could bring
   * back, after a write, a lease that was taken before it.
   *
   * @param token makes the token of one try for an id
   */
  Standing readOrLease(String id, UnaryOperator<String> token, boolean force) {
    return asking(() -> redis.callIdempotent(jedis -> {
      ScriptCall call = leaseCall(id, token.apply(id), force);
      return standing(RedisAccess.evalRaw(jedis, call.script(), call.keys(), call.args()));
    }));
  }

  /**
   * As {@link #readOrLease} for several in one round trip; on a cluster one after the other, where a node that does not
   * answer fails its own entries alone.
   */
  List<Answer<Standing>> readOrLeaseAll(Map<String, Boolean> ids, UnaryOperator<String> token) {
    if (redis.isCluster()) {
      return each(
          List.copyOf(ids.keySet()),
          id -> readOrLease(id, token, Boolean.TRUE.equals(ids.get(id))));
    }
    return asking(() -> redis.callIdempotent(jedis -> {
      List<ScriptCall> calls = new ArrayList<>();
      ids.forEach((id, force) -> calls.add(leaseCall(id, token.apply(id), force)));
      return leaseAll(jedis, calls);
    }));
  }

  private static List<Answer<Standing>> leaseAll(UnifiedJedis jedis, List<ScriptCall> calls) {
    List<Answer<Standing>> all = new ArrayList<>();
    byte[] sha1 = LEASE.sha1().getBytes(US_ASCII);
    List<Response<Object>> responses = new ArrayList<>();
    try (AbstractPipeline pipeline = jedis.pipelined()) {
      calls.forEach(call -> responses.add(pipeline.evalsha(sha1, call.keys(), call.args())));
      pipeline.sync();
    }
    for (int i = 0; i < calls.size(); i++) {
      ScriptCall call = calls.get(i);
      try {
        all.add(new Answer<>(standing(responses.get(i).get()), null));
      } catch (JedisNoScriptException unknown) {
        all.add(new Answer<>(
            standing(RedisAccess.evalRaw(jedis, call.script(), call.keys(), call.args())), null));
      } catch (JedisDataException refused) {
        all.add(new Answer<>(null, refused));
      }
    }
    return all;
  }

  ScriptCall fillCall(String id, String token, byte[] value, long millis) {
    return call(FILL, id, Entries.lease(token), value, ascii(millis));
  }

  ScriptCall renewCall(String id, String token) {
    return call(RENEW, id, Entries.lease(token), leaseMillis);
  }

  ScriptCall releaseCall(String id, String token) {
    return call(RELEASE, id, Entries.lease(token));
  }

  ScriptCall evictCall(String id) {
    return call(EVICT, id, keys.channelBytes(), message(id));
  }

  ScriptCall beginCall(String id, String token) {
    return call(
        WRITE_BEGIN,
        id,
        token.getBytes(US_ASCII),
        writeLifetimeMillis,
        keys.channelBytes(),
        message(id));
  }

  ScriptCall endCall(String id, String token) {
    return call(WRITE_END, id, token.getBytes(US_ASCII), keys.channelBytes(), message(id));
  }

  @Nullable
  Object run(ScriptCall call) {
    return asking(() -> redis.eval(call.script(), call.keys(), call.args()));
  }

  List<ScriptReply> runAll(List<ScriptCall> calls) {
    return asking(() -> redis.evalAll(calls));
  }

  /** Returns about how many bytes a call is. */
  static int bytes(ScriptCall call) {
    return call.args().stream().mapToInt(arg -> arg.length).sum();
  }

  /** Runs a large call, with the time that its bytes need. */
  ScriptReply runLarge(ScriptCall call) {
    try {
      return new ScriptReply(
          asking(() -> redis.evalPayload(call.script(), call.keys(), call.args(), 0)), null);
    } catch (JedisException failed) {
      return new ScriptReply(null, failed);
    } catch (RejectedException refused) {
      return new ScriptReply(null, refused);
    }
  }

  /** Tells whether a script's reply is 1. */
  static boolean one(@Nullable Object reply) {
    return reply instanceof Long number && number == 1;
  }

  private ScriptCall leaseCall(String id, String token, boolean force) {
    return call(LEASE, id, token.getBytes(US_ASCII), leaseMillis, force ? YES : NO);
  }

  private ScriptCall call(LuaScript script, String id, byte[]... args) {
    return new ScriptCall(script, List.of(keys.entry(id)), List.of(args));
  }

  private byte[] message(String id) {
    return (sender + id).getBytes(StandardCharsets.UTF_8);
  }

  private static Standing standing(@Nullable Object reply) {
    if (reply instanceof List<?> pair
        && pair.size() == 3
        && pair.get(0) instanceof byte[] entry
        && pair.get(1) instanceof Long millis) {
      return new Standing(entry, millis, one(pair.get(2)));
    }
    throw new CacheException("lease.lua answered with something that is not an entry and its time");
  }

  /** An interrupted wait for a connection ends in some exception and loses the interrupt flag: sets it again. */
  private static <T extends @Nullable Object> T asking(Supplier<T> action) {
    try {
      return action.get();
    } catch (RuntimeException failure) {
      for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
        if (cause instanceof InterruptedException) {
          Thread.currentThread().interrupt();
        }
      }
      throw failure;
    }
  }

  private static byte[] ascii(long number) {
    return Long.toString(number).getBytes(US_ASCII);
  }

  private static LuaScript script(String name) {
    return LuaScript.fromResource(
        RemoteEntries.class, "/META-INF/toolkit/cache/lua/" + name + ".lua");
  }
}
