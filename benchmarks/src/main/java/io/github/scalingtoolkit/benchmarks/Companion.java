package io.github.scalingtoolkit.benchmarks;

import java.io.IOException;
import java.util.List;
import java.util.stream.Stream;

/** A process that ends with this one: when it is closed, and when a signal ends the JVM, and all under it. */
public final class Companion implements AutoCloseable {
  private final Process process;
  private final Thread hook;

  private Companion(Process process) {
    this.process = process;
    hook = new Thread(this::end, "end-companion");
  }

  /**
   * Starts it.
   *
   * @throws IOException if it cannot be started, or this process is ending
   */
  public static Companion start(ProcessBuilder builder) throws IOException {
    Companion companion = new Companion(builder.start());
    try {
      Runtime.getRuntime().addShutdownHook(companion.hook);
    } catch (IllegalStateException ending) {
      companion.end();
      throw new IOException("this process is ending", ending);
    }
    return companion;
  }

  /** Returns it. */
  public Process process() {
    return process;
  }

  @Override
  public void close() {
    end();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException endingAlready) {
      // The hook finds nothing to do.
    }
  }

  private void end() {
    List<ProcessHandle> under;
    try (Stream<ProcessHandle> descendants = process.descendants()) {
      under = descendants.toList();
    }
    process.destroyForcibly();
    under.forEach(ProcessHandle::destroyForcibly);
  }
}
