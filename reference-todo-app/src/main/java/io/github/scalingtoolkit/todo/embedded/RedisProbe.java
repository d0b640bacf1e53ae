package io.github.scalingtoolkit.todo.embedded;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisException;

/** Identifies the server at an endpoint. Each call opens its own connection and waits for 2 s at most. */
record RedisProbe(RedisEndpoint endpoint, Path directory) {
  private static final Logger log = LoggerFactory.getLogger(RedisProbe.class);

  private static final int TIMEOUT_MILLIS = 2000;

  /** The server that answered: a process that has our password and runs in our directory. */
  record Server(ProcessHandle process, boolean loading) {}

  /** Returns our server, or empty if nothing answers there or something else does. */
  Optional<Server> ask() {
    try (Jedis jedis = connect()) {
      String home = jedis.configGet("dir").getOrDefault("dir", "");
      if (home.isEmpty() || !isOurs(Path.of(home))) {
        return Optional.empty();
      }
      Map<String, String> info = fields(jedis.info("server") + "\n" + jedis.info("persistence"));
      boolean loading = !"0".equals(info.get("loading"));
      return ProcessHandle.of(Long.parseLong(info.getOrDefault("process_id", "-1")))
          .map(process -> new Server(process, loading));
    } catch (JedisException | IllegalArgumentException notOurs) {
      return Optional.empty();
    }
  }

  /** Asks the server to save its data and stop. It may still be stopping at return. */
  void shutDown() {
    try (Jedis jedis = connect()) {
      jedis.shutdown();
    } catch (JedisException ended) {
      log.debug("event=embedded_redis_connection_ended");
    }
  }

  private Jedis connect() {
    return new Jedis(
        new HostAndPort("127.0.0.1", endpoint.port()),
        DefaultJedisClientConfig.builder()
            .resp2()
            .timeoutMillis(TIMEOUT_MILLIS)
            .password(endpoint.password().reveal())
            .build());
  }

  private boolean isOurs(Path home) {
    try {
      return Files.isSameFile(home, directory);
    } catch (IOException notHere) {
      return false;
    }
  }

  private static Map<String, String> fields(String info) {
    return info.lines()
        .map(line -> line.split(":", 2))
        .filter(parts -> parts.length == 2)
        .collect(Collectors.toMap(parts -> parts[0], parts -> parts[1].strip(), (a, b) -> b));
  }
}
