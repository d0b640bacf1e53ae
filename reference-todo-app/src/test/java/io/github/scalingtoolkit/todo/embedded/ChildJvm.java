package io.github.scalingtoolkit.todo.embedded;

import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.todo.run.Program;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** A JVM of its own for a main class of the tests. It has its signals, whatever this JVM was started with. */
public final class ChildJvm implements Program {
  private static final List<String> WITH_SIGNALS = withSignals();

  private final Process process;
  private final Queue<String> lines = new ConcurrentLinkedQueue<>();
  private final AtomicInteger printed = new AtomicInteger();
  private final Thread reader;
  private final List<Path> owned = new CopyOnWriteArrayList<>();

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
    List<String> command = new ArrayList<>(WITH_SIGNALS);
    command.addAll(prefix);
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

  @Override
  public List<String> lines() {
    return List.copyOf(lines);
  }

  @Override
  public boolean hasEnded() {
    return !process.isAlive() && !reader.isAlive();
  }

  /**
   * Has {@link #close} end the Redis in {@code data} as well if this still runs then. One that was killed on purpose leaves
   * its Redis to a next start.
   */
  public ChildJvm owning(Path data) {
    owned.add(data);
    return this;
  }

  /** Kills it as kill -9 does; afterwards {@link #lines()} has all that it printed. */
  public void kill() {
    process.destroyForcibly();
    awaitEnd();
  }

  @Override
  public void terminate() {
    process.destroy();
  }

  /** Sends SIGINT to its whole process group, as Ctrl-C at a terminal does. It must lead that group. */
  public void interruptGroup() throws IOException, InterruptedException {
    new ProcessBuilder("sh", "-c", "kill -INT -" + process.pid()).start().waitFor();
  }

  @Override
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
    boolean failed = process.isAlive();
    kill();
    if (failed) {
      owned.forEach(ChildJvm::endRedis);
    }
  }

  /** Ends the Redis that runs in a data directory, if there is one. */
  public static void endRedis(Path data) {
    for (ProcessHandle redis : redisOf(data).stream().toList()) {
      redis.destroyForcibly();
      Await.until("Redis " + redis.pid() + " has ended", () -> !RedisProcess.runs(redis));
    }
  }

  /** Returns the Redis that runs in a data directory. */
  public static Optional<ProcessHandle> redisOf(Path data) {
    try {
      Path pid = data.resolve("redis").resolve("redis.pid");
      return ProcessHandle.of(Long.parseLong(Files.readString(pid).strip()))
          .filter(RedisProcess::runs)
          .filter(process -> process.info().command().orElse("redis").contains("redis"));
    } catch (IOException | NumberFormatException none) {
      return Optional.empty();
    }
  }

  /** A JVM that is started with a signal ignored, as by nohup or in the background of a script, never gets it. */
  private static List<String> withSignals() {
    List<String> command = List.of("env", "--default-signal=HUP,INT");
    try {
      List<String> probe = new ArrayList<>(command);
      probe.add("true");
      Process process = new ProcessBuilder(probe).redirectErrorStream(true).start();
      process.getInputStream().transferTo(OutputStream.nullOutputStream());
      return process.waitFor() == 0 ? command : List.of();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
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
