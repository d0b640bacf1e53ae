package io.github.scalingtoolkit.todo.embedded;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Inspects processes from outside: the server's parent is not this process. */
final class RedisProcess {
  /** Clocks of the kernel and of file systems differ by this much at most. */
  private static final Duration CLOCK_DIFFERENCE = Duration.ofSeconds(5);

  private static final long POLL_NANOS = 5_000_000;

  /** A process that the pid file names and that may be a server in our directory. */
  record Suspect(ProcessHandle process, boolean certain) {}

  private RedisProcess() {}

  /** Tells whether {@code process} still runs: a zombie has ended, though it is still listed. */
  static boolean runs(ProcessHandle process) {
    if (!process.isAlive()) {
      return false;
    }
    try {
      String stat = Files.readString(Path.of("/proc/" + process.pid() + "/stat"));
      return stat.charAt(stat.lastIndexOf(')') + 2) != 'Z';
    } catch (IOException | IndexOutOfBoundsException notLinuxOrGone) {
      return process.isAlive();
    }
  }

  /** Returns whether {@code process} ended within {@code longest}. */
  static boolean awaitEnd(ProcessHandle process, Duration longest) {
    return await(longest, () -> !runs(process));
  }

  /** Polls until {@code condition} holds, or returns false after {@code longest}. */
  static boolean await(Duration longest, BooleanSupplier condition) {
    long started = System.nanoTime();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - started > longest.toNanos()) {
        return false;
      }
      LockSupport.parkNanos(POLL_NANOS);
    }
    return true;
  }

  /** Returns the process that the pid file names, unless it is known to be another one. */
  static Optional<Suspect> suspect(RedisFiles files) throws IOException {
    OptionalLong pid = files.pid();
    if (pid.isEmpty()) {
      return Optional.empty();
    }
    Optional<ProcessHandle> found = ProcessHandle.of(pid.getAsLong()).filter(RedisProcess::runs);
    if (found.isEmpty()) {
      return Optional.empty();
    }
    ProcessHandle process = found.get();
    String command = process.info().command().orElse("redis-server");
    Instant written = Files.getLastModifiedTime(files.pidFile()).toInstant();
    boolean younger = process
        .info()
        .startInstant()
        .map(start -> start.isAfter(written.plus(CLOCK_DIFFERENCE)))
        .orElse(false);
    if (!command.contains("redis") || younger) {
      return Optional.empty();
    }
    return placed(process, command, files.directory());
  }

  private static Optional<Suspect> placed(ProcessHandle process, String command, Path directory) {
    try {
      Path home = Path.of("/proc/" + process.pid() + "/cwd").toRealPath();
      return Files.isSameFile(home, directory)
          ? Optional.of(new Suspect(process, true))
          : Optional.empty();
    } catch (IOException notLinux) {
      return Optional.of(new Suspect(process, Path.of(command).startsWith(directory)));
    }
  }
}
