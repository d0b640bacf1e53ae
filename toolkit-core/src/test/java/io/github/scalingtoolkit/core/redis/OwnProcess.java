package io.github.scalingtoolkit.core.redis;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;

/** This JVM as a scheduler sees it. */
final class OwnProcess {
  private OwnProcess() {}

  /** Stops every thread of this JVM for {@code length}, as a collector or an empty CPU quota does. */
  static void pause(Duration length) {
    long pid = ProcessHandle.current().pid();
    // A signal that ends the build in a pause must not end this: a process that stands still would
    // stay.
    String script = "trap '' HUP INT TERM; kill -STOP %d; sleep %s; kill -CONT %d"
        .formatted(pid, length.toMillis() / 1000.0, pid);
    try {
      int ended = new ProcessBuilder("sh", "-c", script).start().waitFor();
      if (ended != 0) {
        throw new IllegalStateException("the pause ended with " + ended);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted in a pause", e);
    }
  }
}
