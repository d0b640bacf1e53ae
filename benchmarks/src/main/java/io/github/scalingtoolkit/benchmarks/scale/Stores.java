package io.github.scalingtoolkit.benchmarks.scale;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import redis.clients.jedis.Jedis;

/**
 * The MongoDB-wire store and the Redis that every service of a session uses.
 *
 * @param mongoPort where the former listens, on 127.0.0.1
 * @param redisUrl the latter
 * @param mongoPid the former's process
 * @param redisPid the latter's
 * @param redisVersion the latter's version
 */
public record Stores(
    int mongoPort, URI redisUrl, long mongoPid, long redisPid, String redisVersion) {
  private static final Duration LONGEST_JOBS = Duration.ofSeconds(30);
  private static final Pattern PRINTED =
      Pattern.compile("stores mongodb://127\\.0\\.0\\.1:(\\d+)/\\S* (redis://\\S+)");

  /** Starts them on an empty {@code directory}, from the demo jar and this program's own class path. */
  public static Stores start(Children children, Artifacts artifacts, Path directory)
      throws IOException, InterruptedException {
    Child child = children.start(
        "stores",
        List.of(
            artifacts.java(),
            "-Xmx512m",
            "-cp",
            artifacts.demoJar() + java.io.File.pathSeparator + artifacts.ownClassPath(),
            StoresMain.class.getName(),
            directory.toString()),
        Map.of());
    Matcher found = child.awaitLine(
        line -> {
          Matcher matcher = PRINTED.matcher(line);
          return matcher.find() ? matcher : null;
        },
        Duration.ofSeconds(60));
    URI redis = URI.create(found.group(2));
    try (Jedis jedis = new Jedis(redis)) {
      String info = jedis.info("server");
      return new Stores(
          Integer.parseInt(found.group(1)),
          redis,
          child.pid(),
          Long.parseLong(field(info, "process_id")),
          field(info, "redis_version"));
    }
  }

  /** Returns the URI of a database of this name, as seen from {@code host}. */
  public String mongoUri(String host, String database) {
    return "mongodb://" + host + ":" + mongoPort + "/" + database;
  }

  /** Returns the URL of the Redis, as seen from {@code host}. Holds its password. */
  public String redisUrl(String host) {
    return "redis://" + redisUrl.getUserInfo() + "@" + host + ":" + redisUrl.getPort();
  }

  /** Returns the URL of one of the Redis' databases, as seen from here: peers must not share their keys. */
  String redisUrl(int database) {
    return redisUrl("127.0.0.1") + "/" + database;
  }

  /** Empties the Redis: what one service cached is nothing to the next. */
  public void flushRedis() {
    try (Jedis jedis = new Jedis(redisUrl)) {
      jedis.flushAll();
    }
  }

  /** Waits until no job of {@code target} waits or runs, as {@link Jobs#awaitNone}. */
  static void awaitNoJobs(Target target) throws IOException, InterruptedException {
    new Jobs(target.redis(), LONGEST_JOBS).awaitNone(target.queue());
  }

  private static String field(String info, String name) {
    Matcher matcher = Pattern.compile(name + ":(\\S+)").matcher(info);
    if (!matcher.find()) {
      throw new IllegalStateException("Redis' INFO has no " + name);
    }
    return matcher.group(1);
  }
}
