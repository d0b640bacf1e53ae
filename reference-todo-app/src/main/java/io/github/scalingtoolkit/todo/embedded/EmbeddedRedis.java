package io.github.scalingtoolkit.todo.embedded;

import io.github.scalingtoolkit.todo.stores.StoresException;
import io.github.scalingtoolkit.todo.stores.StoresException.Reason;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A Redis in its own process and session. It outlives this process if this one is killed, and is then found again.
 *
 * <p>Before it starts, its port and password are written to its directory, readable by the owner only. So at the next
 * start one of these holds:
 * <ul>
 *   <li>It accepts that password and runs in that directory: it is <em>adopted</em> with all its data, or, if another
 *       version of this program started it, stopped in order and started again.
 *   <li>It does not answer, and the pid file names a redis-server that runs in that directory: it hangs. It is killed
 *       before its files are opened a second time; if it is not certainly ours, the start is refused.
 *   <li>Otherwise there is none. A process that has since got the same pid is not touched.
 * </ul>
 *
 * <p>A server that ends while this process runs is started again after {@value #SECONDS_BEFORE_RESTART} s, at the same
 * port. If the program never starts again, the server runs until it is stopped by hand.
 */
final class EmbeddedRedis implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(EmbeddedRedis.class);

  static final int SECONDS_BEFORE_RESTART = 5;
  private static final Duration LONGEST_LOADING = Duration.ofSeconds(60);
  private static final Duration LONGEST_END = Duration.ofSeconds(10);

  private final RedisFiles files;
  private final RedisLauncher launcher;
  private final RedisEndpoint endpoint;
  private final RedisProbe probe;
  private final ScheduledExecutorService supervisor;
  private final boolean adopted;
  private volatile ProcessHandle process;
  private volatile boolean closed;

  /** Both are used only by the supervisor's thread. */
  private int looksSinceEnd;

  private boolean failedBefore;

  private EmbeddedRedis(
      RedisFiles files, RedisLauncher launcher, RedisLauncher.Launched server, boolean adopted) {
    this.files = files;
    this.launcher = launcher;
    this.adopted = adopted;
    endpoint = server.endpoint();
    probe = new RedisProbe(endpoint, files.directory());
    process = server.process();
    supervisor = Executors.newSingleThreadScheduledExecutor(task -> {
      Thread thread = new Thread(task, "embedded-redis-supervisor");
      thread.setDaemon(true);
      return thread;
    });
    supervise();
  }

  /**
   * Starts on the data in {@code directory}, or adopts the server that an earlier process has left there.
   *
   * @param directory exists and belongs to this process
   * @param searchPath where to look for a server if the bundled one does not run, in the format of {@code PATH}
   * @throws StoresException if none runs, or the data is damaged
   */
  static EmbeddedRedis start(Path directory, String searchPath) {
    RedisFiles files = new RedisFiles(directory);
    try {
      Optional<RedisLauncher.Launched> left = takeOver(files);
      RedisLauncher launcher = new RedisLauncher(
          files, RedisBinary.find(files.binaries(), searchPath, files.multiPart()));
      EmbeddedRedis redis = left.isPresent()
          ? new EmbeddedRedis(files, launcher, left.get(), true)
          : new EmbeddedRedis(files, launcher, launcher.launchAnywhere(), false);
      log.info(
          "event=embedded_redis_started pid={} port={} adopted={}",
          redis.process.pid(),
          redis.endpoint.port(),
          redis.adopted);
      return redis;
    } catch (IOException e) {
      throw new StoresException(
          Reason.NOT_WRITABLE, "Redis cannot use " + directory + ": " + e.getMessage(), e);
    }
  }

  /** Returns {@code redis://:password@127.0.0.1:port}. It stays the same for the life of this object. */
  String url() {
    return endpoint.url();
  }

  /** Returns the server's pid at this moment. */
  long pid() {
    return process.pid();
  }

  /** Tells whether the server was running before this object. */
  boolean adopted() {
    return adopted;
  }

  /** Stops the server, with its data on disk. Returns once it is gone. Does nothing the second time. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    endSupervision();
    end(probe, process);
    try {
      files.forgetServer();
    } catch (IOException e) {
      log.warn("event=embedded_redis_files_left directory={}", files.directory());
    }
  }

  private static Optional<RedisLauncher.Launched> takeOver(RedisFiles files) throws IOException {
    Optional<RedisEndpoint> left = RedisEndpoint.read(files.directory());
    if (left.isPresent()) {
      RedisProbe probe = new RedisProbe(left.get(), files.directory());
      Optional<RedisProbe.Server> server = probe.ask();
      if (server.isPresent()) {
        ProcessHandle process = server.get().process();
        if (files.configuredFor(left.get()) && awaitLoaded(probe)) {
          return Optional.of(new RedisLauncher.Launched(left.get(), process));
        }
        end(probe, process);
        return Optional.empty();
      }
    }
    Optional<RedisProcess.Suspect> suspect = RedisProcess.suspect(files);
    if (suspect.isPresent()) {
      endSuspect(suspect.get(), files);
    }
    return Optional.empty();
  }

  private static boolean awaitLoaded(RedisProbe probe) {
    return RedisProcess.await(
        LONGEST_LOADING, () -> probe.ask().filter(server -> !server.loading()).isPresent());
  }

  private static void endSuspect(RedisProcess.Suspect suspect, RedisFiles files) {
    ProcessHandle process = suspect.process();
    // It may just be ending.
    if (RedisProcess.awaitEnd(process, Duration.ofSeconds(2))) {
      return;
    }
    if (!suspect.certain()) {
      throw new StoresException(
          Reason.IN_USE,
          "process " + process.pid() + " looks like a redis-server that uses " + files.directory()
              + " and does not answer; stop it (kill " + process.pid() + ") and start again, or"
              + " remove " + files.pidFile() + " if it is another one");
    }
    log.warn("event=embedded_redis_killed pid={} reason=\"it does not answer\"", process.pid());
    kill(process);
  }

  private static void end(RedisProbe probe, ProcessHandle process) {
    if (probe.ask().isPresent()) {
      probe.shutDown();
      if (RedisProcess.awaitEnd(process, LONGEST_END)) {
        return;
      }
    }
    if (RedisProcess.runs(process)) {
      log.warn("event=embedded_redis_killed pid={} reason=\"it does not end\"", process.pid());
      kill(process);
    }
  }

  private static void kill(ProcessHandle process) {
    process.destroyForcibly();
    if (!RedisProcess.awaitEnd(process, LONGEST_END)) {
      throw new StoresException(
          Reason.FAILED, "redis-server " + process.pid() + " cannot be stopped; stop it by hand");
    }
  }

  private void supervise() {
    supervisor.scheduleWithFixedDelay(this::look, 1, 1, TimeUnit.SECONDS);
  }

  private void look() {
    if (closed || RedisProcess.runs(process)) {
      looksSinceEnd = 0;
      return;
    }
    if (looksSinceEnd == 0) {
      log.warn(
          "event=embedded_redis_ended pid={} restart_in={}s",
          process.pid(),
          SECONDS_BEFORE_RESTART);
    }
    looksSinceEnd++;
    if (looksSinceEnd > SECONDS_BEFORE_RESTART) {
      restart();
    }
  }

  private void restart() {
    try {
      Optional<ProcessHandle> started = launcher.launch(endpoint);
      if (started.isPresent()) {
        process = started.get();
        failedBefore = false;
        log.info("event=embedded_redis_restarted pid={} port={}", process.pid(), endpoint.port());
      } else {
        failed("port " + endpoint.port() + " is taken");
      }
    } catch (IOException | StoresException e) {
      failed(String.valueOf(e.getMessage()));
    }
  }

  private void failed(String reason) {
    if (!failedBefore) {
      failedBefore = true;
      log.error("event=embedded_redis_restart_failed reason=\"{}\"", reason);
    }
  }

  private void endSupervision() {
    supervisor.shutdown();
    try {
      if (!supervisor.awaitTermination(LONGEST_END.toSeconds(), TimeUnit.SECONDS)) {
        log.warn("event=embedded_redis_supervisor_slow");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
