package io.github.scalingtoolkit.todo.embedded;

import io.github.scalingtoolkit.todo.stores.StoresException;
import io.github.scalingtoolkit.todo.stores.StoresException.Reason;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;

/** Starts a server as a daemon, and finds out whether it runs. */
final class RedisLauncher {
  private static final Duration LONGEST_START = Duration.ofSeconds(60);
  private static final int SECONDS_TO_DETACH = 10;
  private static final int PORTS_TO_TRY = 5;

  private final RedisFiles files;
  private final RedisBinary binary;

  RedisLauncher(RedisFiles files, RedisBinary binary) {
    this.files = files;
    this.binary = binary;
  }

  /** A server that answers. */
  record Launched(RedisEndpoint endpoint, ProcessHandle process) {}

  /** Starts a server at a free port. */
  Launched launchAnywhere() throws IOException {
    for (int attempt = 1; attempt <= PORTS_TO_TRY; attempt++) {
      RedisEndpoint endpoint = RedisEndpoint.at(freePort());
      Optional<ProcessHandle> process = launch(endpoint);
      if (process.isPresent()) {
        return new Launched(endpoint, process.get());
      }
    }
    throw new StoresException(
        Reason.FAILED, "Redis found " + PORTS_TO_TRY + " ports in a row taken by others");
  }

  /** Starts a server at {@code endpoint} and returns it once it answers, or empty if the port is taken. */
  Optional<ProcessHandle> launch(RedisEndpoint endpoint) throws IOException {
    Files.deleteIfExists(files.pidFile());
    long log = files.endOfLog();
    endpoint.write(files.directory());
    files.writeConfiguration(endpoint);
    detach();
    return awaitAnswer(new RedisProbe(endpoint, files.directory()), log);
  }

  private void detach() throws IOException {
    Process launcher = new ProcessBuilder(
            binary.file().toString(), files.configuration().toString())
        .directory(files.directory().toFile())
        .redirectErrorStream(true)
        .redirectOutput(files.output().toFile())
        .start();
    try {
      if (launcher.waitFor(SECONDS_TO_DETACH, TimeUnit.SECONDS) && launcher.exitValue() != 0) {
        throw new StoresException(
            Reason.FAILED,
            "Redis (" + binary.file() + ") ended with " + launcher.exitValue()
                + " at its start; see " + files.output());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StoresException(Reason.FAILED, "interrupted while Redis starts", e);
    }
  }

  private Optional<ProcessHandle> awaitAnswer(RedisProbe probe, long log) throws IOException {
    Attempt attempt = new Attempt(probe, log);
    if (!RedisProcess.await(LONGEST_START, attempt::decided)) {
      throw new StoresException(
          Reason.FAILED,
          "Redis does not answer at port " + probe.endpoint().port() + " after " + LONGEST_START
              + "; see " + files.log());
    }
    if (attempt.portTaken) {
      return Optional.empty();
    }
    if (attempt.ended) {
      throw ended(log);
    }
    return attempt.server;
  }

  private StoresException ended(long log) throws IOException {
    List<String> warnings = files.warnings(log);
    String data = warnings.stream()
        .filter(line -> line.contains("append only file")
            || line.contains("append-only file")
            || line.contains("AOF"))
        .findFirst()
        .orElse("");
    if (!data.isEmpty()) {
      return new StoresException(
          Reason.CORRUPT,
          "Redis cannot read its data " + files.data() + " (" + data
              + "); it was not changed: move it away to start with an empty cache and queue, or"
              + " repair a copy with redis-check-aof");
    }
    return new StoresException(
        Reason.FAILED,
        "Redis ended at its start ("
            + (warnings.isEmpty() ? "no reason given" : warnings.get(warnings.size() - 1))
            + "); see " + files.log());
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  /** The state of one start. */
  private final class Attempt {
    private final RedisProbe probe;
    private final long log;
    private Optional<ProcessHandle> server = Optional.empty();
    private boolean portTaken;
    private boolean ended;

    Attempt(RedisProbe probe, long log) {
      this.probe = probe;
      this.log = log;
    }

    boolean decided() {
      server = probe.ask().filter(found -> !found.loading()).map(RedisProbe.Server::process);
      if (server.isPresent()) {
        return true;
      }
      try {
        OptionalLong pid = files.pid();
        if (pid.isEmpty()) {
          portTaken = files.warnings(log).stream()
              .anyMatch(line -> line.contains("listening socket") || line.contains("listening on"));
          return portTaken;
        }
        ended = !ProcessHandle.of(pid.getAsLong()).map(RedisProcess::runs).orElse(false);
        return ended;
      } catch (IOException e) {
        return false;
      }
    }
  }
}
