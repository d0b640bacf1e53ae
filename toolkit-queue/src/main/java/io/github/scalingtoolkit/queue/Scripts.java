package io.github.scalingtoolkit.queue;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.scalingtoolkit.core.redis.LuaScript;

/** The queue's scripts; the header of each file is its contract. */
final class Scripts {
  static final LuaScript ENQUEUE = load("enqueue");
  static final LuaScript STEP = load("step");
  static final LuaScript BEAT = load("beat");
  static final LuaScript LEAVE = load("leave");
  static final LuaScript MIGRATE = load("migrate");
  static final LuaScript INSPECT = load("inspect");
  static final LuaScript DEAD = load("dead");
  static final LuaScript ADMIN = load("admin");
  static final LuaScript LIST = load("list");
  static final LuaScript FAILURES = load("failures");
  static final LuaScript COUNTS = load("counts");
  static final LuaScript OVERVIEW = load("overview");
  static final LuaScript WORKERS = load("workers");
  static final LuaScript HEAD = load("head");
  static final LuaScript ONCE = load("once");
  static final LuaScript CRON = load("cron");

  private Scripts() {}

  private static LuaScript load(String name) {
    return LuaScript.fromResource(Scripts.class, "/META-INF/toolkit/queue/lua/" + name + ".lua");
  }

  static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }

  static byte[] bytes(long number) {
    return bytes(Long.toString(number));
  }

  static String text(Object reply) {
    return new String((byte[]) reply, UTF_8);
  }
}
