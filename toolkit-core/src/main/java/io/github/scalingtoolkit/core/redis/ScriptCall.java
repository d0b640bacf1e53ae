package io.github.scalingtoolkit.core.redis;

import java.util.List;

/**
 * A script with its keys and arguments: a value, so that several can share a round trip ({@link RedisAccess#evalAll}).
 *
 * @param script the script
 * @param keys its KEYS, all in one slot on a cluster
 * @param args its ARGV
 */
public record ScriptCall(LuaScript script, List<byte[]> keys, List<byte[]> args) {
  /** Copies the lists, not the arrays. */
  public ScriptCall {
    keys = List.copyOf(keys);
    args = List.copyOf(args);
  }
}
