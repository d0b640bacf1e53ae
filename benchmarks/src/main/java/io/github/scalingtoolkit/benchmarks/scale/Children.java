package io.github.scalingtoolkit.benchmarks.scale;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;

/**
 * The processes that this one has started and that still run. They end with it: when it is closed, and when a signal
 * ends the JVM. Safe for use by several threads.
 */
public final class Children implements AutoCloseable {
  private final Path logs;
  private final Deque<Child> running = new ArrayDeque<>();
  private final Thread hook = new Thread(this::end, "end-children");
  private final Deque<Runnable> afterwards = new ArrayDeque<>();
  private int started;
  private boolean ending;

  /** Writes their output to files in {@code logs}, which must exist. */
  public Children(Path logs) {
    this.logs = logs;
    Runtime.getRuntime().addShutdownHook(hook);
  }

  /**
   * Starts a process.
   *
   * @param environment what is added to this process' own
   * @throws IOException if it cannot be started
   */
  public Child start(String name, List<String> command, Map<String, String> environment)
      throws IOException {
    return start(name, command, environment, Path.of(""));
  }

  /** As above, with {@code directory} as its working directory. */
  synchronized Child start(
      String name, List<String> command, Map<String, String> environment, Path directory)
      throws IOException {
    if (ending) {
      throw new IOException(name + " is not started: this process is ending");
    }
    started++;
    Path log = logs.resolve(String.format("%03d-%s.log", started, name.replaceAll("\\W+", "-")));
    ProcessBuilder builder = new ProcessBuilder(command)
        .directory(directory.toAbsolutePath().toFile())
        .redirectErrorStream(true)
        .redirectOutput(log.toFile());
    builder.environment().putAll(environment);
    Child child = new Child(name, builder.start(), log);
    running.push(child);
    return child;
  }

  /** Does this once all have ended, also if a signal ends the JVM; what was given last comes first. */
  public synchronized void afterEnd(Runnable action) {
    afterwards.push(action);
  }

  /** Ends one. */
  public void end(Child child) {
    child.close();
    synchronized (this) {
      running.remove(child);
    }
  }

  /** Tells whether a signal is ending this process: what children do now means nothing. */
  public synchronized boolean ending() {
    return ending;
  }

  /** Ends all, the last one first. */
  @Override
  public void close() {
    end();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException endingAlready) {
      // The hook is what called, or it finds nothing to do.
    }
  }

  private void end() {
    synchronized (this) {
      ending = true;
    }
    while (true) {
      Child child;
      synchronized (this) {
        if (running.isEmpty()) {
          break;
        }
        child = running.pop();
      }
      child.close();
    }
    while (true) {
      Runnable action;
      synchronized (this) {
        if (afterwards.isEmpty()) {
          return;
        }
        action = afterwards.pop();
      }
      action.run();
    }
  }
}
