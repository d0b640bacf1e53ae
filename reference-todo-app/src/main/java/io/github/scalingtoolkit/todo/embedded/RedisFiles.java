package io.github.scalingtoolkit.todo.embedded;

import io.github.scalingtoolkit.todo.stores.PrivateFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;

/** The files in the directory of the embedded Redis besides its data. */
record RedisFiles(Path directory) {
  private static final long LONGEST_LOG = 1 << 20;

  Path configuration() {
    return directory.resolve("redis.conf");
  }

  Path pidFile() {
    return directory.resolve("redis.pid");
  }

  Path log() {
    return directory.resolve("redis.log");
  }

  /** The launcher's output before there is a log. */
  Path output() {
    return directory.resolve("redis.out");
  }

  Path binaries() {
    return directory.resolve("bin");
  }

  /** Tells whether Redis 7 or newer has kept data here: older ones would start empty beside it. */
  boolean multiPart() {
    return Files.exists(directory.resolve("appendonlydir"));
  }

  /** Returns the data that Redis reads at its start. */
  Path data() {
    return directory.resolve(multiPart() ? "appendonlydir" : "appendonly.aof");
  }

  /** Returns the pid in the pid file, or empty if there is none. */
  OptionalLong pid() throws IOException {
    if (!Files.exists(pidFile())) {
      return OptionalLong.empty();
    }
    try {
      return OptionalLong.of(Long.parseLong(Files.readString(pidFile()).strip()));
    } catch (NumberFormatException halfWritten) {
      return OptionalLong.empty();
    }
  }

  /** Tells whether the configuration on disk is the one that this version writes. */
  boolean configuredFor(RedisEndpoint endpoint) throws IOException {
    return Files.exists(configuration())
        && Files.readString(configuration()).equals(configurationFor(endpoint));
  }

  void writeConfiguration(RedisEndpoint endpoint) throws IOException {
    PrivateFiles.write(configuration(), configurationFor(endpoint));
  }

  /** Starts the log anew once it has grown, and returns where the next line will be. */
  long endOfLog() throws IOException {
    if (!Files.exists(log())) {
      return 0;
    }
    if (Files.size(log()) > LONGEST_LOG) {
      Files.delete(log());
      return 0;
    }
    return Files.size(log());
  }

  /** Returns the warnings in the log from {@code start} on, without time and pid. */
  List<String> warnings(long start) throws IOException {
    if (!Files.exists(log())) {
      return List.of();
    }
    byte[] bytes = Files.readAllBytes(log());
    int from = (int) Math.min(start, bytes.length);
    return new String(bytes, from, bytes.length - from, StandardCharsets.UTF_8)
        .lines()
        .filter(line -> line.contains(" # "))
        .map(line -> line.substring(line.indexOf(" # ") + 3).strip())
        .filter(line -> !line.startsWith("WARNING"))
        .toList();
  }

  /** Removes the files that name a server that has ended. Data, log and binary stay. */
  void forgetServer() throws IOException {
    RedisEndpoint.forget(directory);
    Files.deleteIfExists(configuration());
    Files.deleteIfExists(pidFile());
    Files.deleteIfExists(output());
  }

  private String configurationFor(RedisEndpoint endpoint) {
    // daemonize: in its own session, so that Ctrl-C at the terminal does not end it before its
    // users.
    return String.join(
        "\n",
        "# Written at each start.",
        "bind 127.0.0.1",
        "protected-mode yes",
        "port " + endpoint.port(),
        "requirepass " + endpoint.password().reveal(),
        "daemonize yes",
        "pidfile " + quoted(pidFile()),
        "logfile " + quoted(log()),
        "dir " + quoted(directory),
        "save \"\"",
        "appendonly yes",
        "appendfsync everysec",
        "aof-load-truncated yes",
        "auto-aof-rewrite-percentage 100",
        "auto-aof-rewrite-min-size 16mb",
        "maxmemory-policy noeviction",
        "");
  }

  private static String quoted(Path path) {
    return '"' + path.toString().replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }
}
