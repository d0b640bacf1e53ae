package io.github.scalingtoolkit.benchmarks.scale;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A process that this one started, with its output in a file. It ends when it is closed, and all under it. */
public final class Child implements AutoCloseable {
  private static final Duration LONGEST_STOP = Duration.ofSeconds(15);
  private static final Duration STEP = Duration.ofMillis(20);

  private final String name;
  private final Process process;
  private final Path log;

  Child(String name, Process process, Path log) {
    this.name = name;
    this.process = process;
    this.log = log;
  }

  /** Returns its id. */
  public long pid() {
    return process.pid();
  }

  /** Returns what it reads as its input. */
  public java.io.OutputStream input() {
    return process.getOutputStream();
  }

  /** Tells whether it runs. */
  public boolean runs() {
    return process.isAlive();
  }

  /** Returns its exit code; only once it has ended. */
  public int exitCode() {
    return process.exitValue();
  }

  /**
   * Waits until it has printed a line from which {@code found} makes something, and returns that.
   *
   * @throws IOException if it ends before, or does not within {@code longest}; with the end of what it printed
   */
  public <T> T awaitLine(Function<String, @Nullable T> found, Duration longest)
      throws IOException, InterruptedException {
    long deadline = System.nanoTime() + longest.toNanos();
    while (true) {
      boolean ran = process.isAlive();
      for (String line : Files.readAllLines(log)) {
        @Nullable T value = found.apply(line);
        if (value != null) {
          return value;
        }
      }
      if (!ran) {
        throw new IOException(name + " ended with " + process.exitValue() + ": " + tail());
      }
      if (System.nanoTime() - deadline > 0) {
        throw new IOException(name + " did not start within " + longest + ": " + tail());
      }
      Thread.sleep(STEP.toMillis());
    }
  }

  /** Waits until it has ended, for {@code longest} at most, and tells whether it has. */
  public boolean awaitEnd(Duration longest) throws InterruptedException {
    return process.waitFor(longest.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** Returns the end of what it printed, on one line. */
  public String tail() {
    try {
      List<String> lines = Files.readAllLines(log);
      return String.join(" | ", lines.subList(Math.max(0, lines.size() - 4), lines.size()));
    } catch (IOException e) {
      return "no output";
    }
  }

  /** Asks it to end, waits, and kills it and all under it if it does not. Does nothing the second time. */
  @Override
  public void close() {
    List<ProcessHandle> under;
    try (Stream<ProcessHandle> descendants = process.descendants()) {
      under = descendants.toList();
    }
    process.destroy();
    try {
      process.getOutputStream().close();
    } catch (IOException alreadyClosed) {
      // It has ended.
    } catch (UncheckedIOException alreadyClosed) {
      // Likewise.
    }
    boolean ended = false;
    try {
      ended = process.waitFor(LONGEST_STOP.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (!ended) {
      process.destroyForcibly();
    }
    under.forEach(ProcessHandle::destroyForcibly);
  }
}
