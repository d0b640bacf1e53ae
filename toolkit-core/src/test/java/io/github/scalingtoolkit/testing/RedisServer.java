package io.github.scalingtoolkit.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisException;
import redis.embedded.core.ExecutableProvider;

/**
 * A real redis-server in a process of its own, on a free port of the loopback address, with files of its own.
 *
 * <p>The binary is the one that the system property {@code toolkit.test.redis-server} names, else the embedded one.
 * By default nothing is persisted; pass {@code "--appendonly", "yes"} for a server whose data outlives {@link #kill}.
 */
public final class RedisServer implements AutoCloseable {
  private static final String BINARY_PROPERTY = "toolkit.test.redis-server";

  private final int port;
  private final Path directory;
  private final List<String> command;
  private final Map<String, String> environment;
  private Process process;

  private RedisServer(
      int port, Path directory, List<String> command, Map<String, String> environment) {
    this.port = port;
    this.directory = directory;
    this.command = command;
    this.environment = environment;
    process = launch();
  }

  /** Starts a server with further arguments of redis-server and returns once it answers. */
  public static RedisServer start(String... arguments) {
    return startAt(Ports.free(), arguments);
  }

  /** As {@link #start(String...)}, with further environment variables. */
  public static RedisServer startIn(Map<String, String> environment, String... arguments) {
    return startAt(Ports.free(), environment, arguments);
  }

  /** As {@link #start(String...)}, on a port. */
  public static RedisServer startAt(int port, String... arguments) {
    return startAt(port, Map.of(), arguments);
  }

  private static RedisServer startAt(
      int port, Map<String, String> environment, String... arguments) {
    try {
      Path directory = Files.createTempDirectory("toolkit-redis-");
      List<String> command = new ArrayList<>(List.of(
          binary(),
          "--port",
          Integer.toString(port),
          "--bind",
          "127.0.0.1",
          "--dir",
          directory.toString(),
          "--save",
          "",
          "--appendonly",
          "no"));
      command.addAll(List.of(arguments));
      RedisServer server = new RedisServer(port, directory, command, environment);
      server.awaitAnswer();
      return server;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Starts a sentinel that watches {@code master} alone, and calls it {@code main}. */
  public static RedisServer startSentinel(RedisServer master) {
    try {
      int port = Ports.free();
      Path directory = Files.createTempDirectory("toolkit-sentinel-");
      Path file = Files.writeString(
          directory.resolve("sentinel.conf"), """
          bind 127.0.0.1
          port %d
          dir %s
          sentinel monitor main 127.0.0.1 %d 1
          sentinel down-after-milliseconds main 1000
          sentinel failover-timeout main 5000
          """.formatted(port, directory, master.port));
      RedisServer sentinel = new RedisServer(
          port, directory, List.of(binary(), file.toString(), "--sentinel"), Map.of());
      sentinel.awaitAnswer();
      return sentinel;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns the URL, {@code redis://127.0.0.1:port}. */
  public String url() {
    return "redis://127.0.0.1:" + port;
  }

  /** Returns the port. */
  public int port() {
    return port;
  }

  /** Kills the server as kill -9 does, and returns once it is gone. */
  public void kill() {
    process.destroyForcibly();
    awaitEnd();
  }

  /** Stops the server in its tracks: connections stay open and are accepted, nothing is answered. */
  public void pause() {
    Signal.send("STOP", process.pid());
  }

  /** Lets a paused server go on. */
  public void resume() {
    Signal.send("CONT", process.pid());
  }

  /** Starts the server again at the same port on the same files, after {@link #kill}; kills it first if it runs. */
  public void restart() {
    if (process.isAlive()) {
      kill();
    }
    process = launch();
    awaitAnswer();
  }

  /** Opens a connection of its own, for looking and for damage; its reads wait up to 30 s. */
  public Jedis connect() {
    return connect(30_000);
  }

  /** Ends the server and deletes its files. */
  @Override
  public void close() {
    process.destroyForcibly();
    awaitEnd();
    try (Stream<Path> files = Files.walk(directory)) {
      files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Jedis connect(int timeoutMillis) {
    return new Jedis(
        new HostAndPort("127.0.0.1", port),
        DefaultJedisClientConfig.builder()
            .serverDefaultProtocol()
            .timeoutMillis(timeoutMillis)
            .build());
  }

  private Process launch() {
    try {
      ProcessBuilder builder = new ProcessBuilder(command)
          .redirectErrorStream(true)
          .redirectOutput(directory.resolve("redis.log").toFile());
      builder.environment().putAll(environment);
      Process started = builder.start();
      Runtime.getRuntime().addShutdownHook(new Thread(started::destroyForcibly));
      return started;
    } catch (IOException e) {
      throw new UncheckedIOException("cannot start " + command.get(0), e);
    }
  }

  private void awaitAnswer() {
    Await.until("redis-server at port " + port + " answers", () -> {
      if (!process.isAlive()) {
        throw new IllegalStateException(
            "redis-server ended with " + process.exitValue() + ": " + log());
      }
      try (Jedis jedis = connect(1000)) {
        return "PONG".equals(jedis.ping());
      } catch (JedisException notYet) {
        // A server with a password answers too.
        return String.valueOf(notYet.getMessage()).startsWith("NOAUTH");
      }
    });
  }

  private void awaitEnd() {
    try {
      if (!process.waitFor(30, TimeUnit.SECONDS)) {
        throw new IllegalStateException("redis-server " + process.pid() + " did not end");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while redis-server ends", e);
    }
  }

  private String log() {
    try {
      return Files.readString(directory.resolve("redis.log"));
    } catch (IOException e) {
      return "no log";
    }
  }

  private static String binary() throws IOException {
    String named = System.getProperty(BINARY_PROPERTY);
    return named != null ? named : EmbeddedBinary.PATH;
  }

  /** Unpacked once a JVM. */
  private static final class EmbeddedBinary {
    static final String PATH = unpack();

    private static String unpack() {
      try {
        Path directory = Files.createTempDirectory("toolkit-redis-binary-");
        directory.toFile().deleteOnExit();
        java.io.File file =
            ExecutableProvider.newJarResourceProvider(directory.toFile()).get();
        file.deleteOnExit();
        return file.getAbsolutePath();
      } catch (IOException e) {
        throw new UncheckedIOException(
            "no embedded redis-server for this platform; name one by -D" + BINARY_PROPERTY, e);
      }
    }
  }
}
