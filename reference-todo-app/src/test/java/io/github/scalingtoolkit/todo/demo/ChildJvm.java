package io.github.scalingtoolkit.todo.demo;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/** A JVM of its own for a main class of the tests, whose lines are read as they come. */
public final class ChildJvm implements AutoCloseable {
  /** As long as a busy machine may need for the start or the end of several processes. */
  private static final Duration LONGEST = Duration.ofMinutes(2);

  private final Process process;
  private final Queue<String> lines = new ConcurrentLinkedQueue<>();
  private final AtomicInteger printed = new AtomicInteger();
  private final Thread reader;

  private ChildJvm(Process process) {
    this.process = process;
    reader = new Thread(this::read, "child-" + process.pid());
    reader.setDaemon(true);
    reader.start();
    Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
  }

  /** Starts {@code main} on the test class path. */
  public static ChildJvm start(Class<?> main, String... arguments) {
    return start(List.of(), main, arguments);
  }

  /** As above, by way of {@code prefix}, a command that runs its arguments in the same process. */
  public static ChildJvm start(List<String> prefix, Class<?> main, String... arguments) {
    return launch(prefix, ChildClasses.options(), main, arguments);
  }

  static ChildJvm launch(
      List<String> prefix, List<String> options, Class<?> main, String... arguments) {
    List<String> command = new ArrayList<>(prefix);
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    // Among them test.jvm of pom.xml.
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(option -> option.startsWith("-XX:"))
        .forEach(command::add);
    command.add("-Xmx128m");
    command.addAll(options);
    command.add(main.getName());
    command.addAll(List.of(arguments));
    try {
      return new ChildJvm(new ProcessBuilder(command).redirectErrorStream(true).start());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public long pid() {
    return process.pid();
  }

  public boolean isAlive() {
    return process.isAlive();
  }

  /** Returns how many lines it has printed so far. */
  public int printed() {
    return printed.get();
  }

  /** Returns what it has printed so far. */
  public List<String> lines() {
    return List.copyOf(lines);
  }

  /** Returns the rest of the first line that starts with {@code prefix}, once it is there. */
  public String awaitLine(String prefix) {
    long started = System.nanoTime();
    while (System.nanoTime() - started < LONGEST.toNanos()) {
      boolean ended = !process.isAlive();
      for (String line : lines) {
        if (line.startsWith(prefix)) {
          return line.substring(prefix.length());
        }
      }
      if (ended && !reader.isAlive()) {
        break;
      }
      LockSupport.parkNanos(2_000_000);
    }
    throw new AssertionError("no line starts with '" + prefix + "' in " + lines);
  }

  /** Kills it as kill -9 does; afterwards {@link #lines()} has all that it printed. */
  public void kill() {
    process.destroyForcibly();
    awaitEnd();
  }

  /** Sends SIGTERM. */
  public void terminate() {
    process.destroy();
  }

  /** Sends SIGINT to its whole process group, as Ctrl-C at a terminal does. It must lead that group. */
  public void interruptGroup() throws IOException, InterruptedException {
    new ProcessBuilder("sh", "-c", "kill -INT -" + process.pid()).start().waitFor();
  }

  /** Waits until it has ended, and returns its exit code. */
  public int awaitEnd() {
    try {
      if (!process.waitFor(LONGEST.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new AssertionError("child " + process.pid() + " did not end: " + lines);
      }
      reader.join();
      return process.exitValue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  @Override
  public void close() {
    kill();
  }

  private void read() {
    try (BufferedReader in = new BufferedReader(
        new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        lines.add(line);
        printed.incrementAndGet();
      }
    } catch (IOException killed) {
      // What was printed before is there.
    }
  }
}
