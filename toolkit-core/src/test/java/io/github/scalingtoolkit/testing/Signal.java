package io.github.scalingtoolkit.testing;

import java.io.IOException;
import java.util.concurrent.TimeUnit;

/** Sends signals that Java cannot. */
final class Signal {
  private Signal() {}

  static void send(String name, long pid) {
    try {
      Process kill = new ProcessBuilder("kill", "-" + name, Long.toString(pid))
          .redirectErrorStream(true)
          .start();
      if (!kill.waitFor(10, TimeUnit.SECONDS) || kill.exitValue() != 0) {
        throw new IllegalStateException("kill -" + name + " " + pid + " failed: "
            + new String(
                kill.getInputStream().readAllBytes(), java.nio.charset.Charset.defaultCharset()));
      }
    } catch (IOException e) {
      throw new IllegalStateException("cannot run kill", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while sending a signal", e);
    }
  }
}
