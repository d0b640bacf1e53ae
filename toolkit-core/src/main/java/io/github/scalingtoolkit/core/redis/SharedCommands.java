package io.github.scalingtoolkit.core.redis;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.CommandFlagsRegistry.CommandFlag;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.StaticCommandFlagsRegistry;
import redis.clients.jedis.args.Rawable;

/**
 * Decides which commands may share a connection with those of other callers.
 *
 * <p>Only commands named here may: a command that blocks, changes the state of its connection, subscribes, administers, may
 * take long (KEYS, SORT, FCALL), or is unknown (modules', and those of later versions of Redis) runs on its
 * own connection, as it would without sharing.
 */
final class SharedCommands {
  /** A command with more bytes than this does not share with short ones. */
  static final int LARGE_BYTES = 4 * 1024;

  /** A command with more bytes than this gains nothing by sharing: the bytes cost more than the round trip. */
  static final int HUGE_BYTES = 64 * 1024;

  /** A command with more arguments than this has a large reply. */
  private static final int MANY_ARGUMENTS = 128;

  private static final Set<Command> SHORT = named("""
      PING ECHO TIME PUBLISH SPUBLISH
      GET SET GETDEL GETEX GETSET MGET SETNX SETEX PSETEX MSET MSETNX STRLEN APPEND SETRANGE GETRANGE
      INCR INCRBY INCRBYFLOAT DECR DECRBY SETBIT GETBIT BITFIELD BITFIELD_RO
      EXISTS DEL UNLINK TYPE TOUCH EXPIRE EXPIREAT PEXPIRE PEXPIREAT EXPIRETIME PEXPIRETIME TTL PTTL PERSIST
      HSET HGET HSETNX HMSET HMGET HINCRBY HINCRBYFLOAT HEXISTS HDEL HLEN HSTRLEN
      LPUSH RPUSH LPUSHX RPUSHX LLEN LINDEX LSET LPOP RPOP LMOVE RPOPLPUSH
      SADD SREM SPOP SMOVE SCARD SRANDMEMBER SISMEMBER SMISMEMBER
      ZADD ZREM ZINCRBY ZRANK ZREVRANK ZCARD ZSCORE ZMSCORE ZCOUNT ZPOPMIN ZPOPMAX
      PFADD PFCOUNT GEOADD GEODIST GEOHASH GEOPOS XADD XLEN XDEL XACK
      EVAL EVALSHA EVAL_RO EVALSHA_RO
      """);

  /** Their replies are unbounded, so short commands must not wait behind them. */
  private static final Set<Command> LONG = named("""
      DUMP RESTORE COPY LRANGE LTRIM LREM LINSERT LPOS SCAN HSCAN SSCAN ZSCAN
      HGETALL HKEYS HVALS HRANDFIELD SMEMBERS SINTER SUNION SDIFF SINTERCARD SINTERSTORE SUNIONSTORE SDIFFSTORE
      ZRANGE ZREVRANGE ZRANGEBYSCORE ZREVRANGEBYSCORE ZRANGEBYLEX ZREVRANGEBYLEX ZRANDMEMBER ZRANGESTORE
      ZREMRANGEBYRANK ZREMRANGEBYSCORE ZREMRANGEBYLEX ZLEXCOUNT ZUNION ZINTER ZDIFF
      ZUNIONSTORE ZINTERSTORE ZDIFFSTORE GEOSEARCH BITCOUNT BITPOS BITOP PFMERGE
      XRANGE XREVRANGE XTRIM XPENDING XCLAIM XAUTOCLAIM
      """);

  /** Jedis marks most of them as blocking, unless they are sent by their bare name. */
  private static final Set<Command> BLOCKING = named("""
      WAIT WAITAOF BLPOP BRPOP BRPOPLPUSH BLMOVE BLMPOP BZPOPMIN BZPOPMAX BZMPOP
      SUBSCRIBE PSUBSCRIBE SSUBSCRIBE MONITOR
      """);

  private SharedCommands() {}

  /** Tells whether a command of {@code bytes} must not share with short ones. */
  static boolean isLarge(CommandArguments command, int bytes) {
    return bytes > LARGE_BYTES
        || command.size() > MANY_ARGUMENTS
        || LONG.contains(command.getCommand());
  }

  /** Tells whether a command may travel with others at all. */
  static boolean shareable(CommandArguments command) {
    return !command.isBlocking()
        && command.getCommand() instanceof Command known
        && (SHORT.contains(known) || LONG.contains(known));
  }

  /**
   * Refuses a command that waits in the server: the deadline for short commands would cut it off.
   *
   * @throws IllegalArgumentException if it does
   */
  static void refuseBlocking(CommandArguments command, Duration deadline) {
    if (waits(command)) {
      throw new IllegalArgumentException(command.getCommand()
          + " waits in the server, and commands here are waited for no longer than "
          + deadline.toMillis() + " ms: use RedisAccess.blocking()");
    }
  }

  private static boolean waits(CommandArguments command) {
    if (command.isBlocking()
        || command.getCommand() instanceof Command known && BLOCKING.contains(known)) {
      return true;
    }
    if (command.getCommand() != Command.XREAD && command.getCommand() != Command.XREADGROUP) {
      return false;
    }
    for (Rawable argument : command) {
      String word = new String(argument.getRaw(), StandardCharsets.US_ASCII);
      if (word.equalsIgnoreCase("STREAMS")) {
        return false;
      }
      if (word.equalsIgnoreCase("BLOCK")) {
        return true;
      }
    }
    return false;
  }

  /** Tells whether a command changes nothing, so that it may be sent again. */
  static boolean onlyReads(CommandArguments command) {
    return StaticCommandFlagsRegistry.registry().getFlags(command).contains(CommandFlag.READONLY);
  }

  /** Returns about how many bytes a command is. */
  static int bytes(CommandArguments command) {
    long bytes = 0;
    for (Rawable argument : command) {
      bytes += argument.getRaw().length;
    }
    return (int) Math.min(bytes, Integer.MAX_VALUE);
  }

  private static Set<Command> named(String names) {
    Set<Command> commands = EnumSet.noneOf(Command.class);
    for (String name : names.strip().split("\\s+")) {
      commands.add(Command.valueOf(name));
    }
    return commands;
  }
}
