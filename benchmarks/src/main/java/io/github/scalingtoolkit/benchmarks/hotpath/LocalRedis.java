package io.github.scalingtoolkit.benchmarks.hotpath;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * The Redis of a benchmark: the one that {@code -Dbenchmarks.redis=redis://…} names, else a redis-server of the PATH,
 * which writes nothing to disk and ends with this process.
 */
public final class LocalRedis implements AutoCloseable {
  private final String url;
  private final Runnable end;

  private LocalRedis(String url, Runnable end) {
    this.url = url;
    this.end = end;
  }

  /** Starts it, if it must be. */
  public static LocalRedis start() {
    String given = System.getProperty("benchmarks.redis");
    if (given != null) {
      return new LocalRedis(given, () -> {});
    }
    try {
      int port = freePort();
      Path directory = Files.createTempDirectory("benchmark-redis");
      Process process = new ProcessBuilder(
              "redis-server",
              "--port",
              Integer.toString(port),
              "--bind",
              "127.0.0.1",
              "--save",
              "",
              "--dir",
              directory.toString())
          .redirectErrorStream(true)
          .redirectOutput(ProcessBuilder.Redirect.DISCARD)
          .start();
      Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
      awaitPort(port, process);
      return new LocalRedis("redis://127.0.0.1:" + port, () -> end(process, directory));
    } catch (IOException e) {
      throw new UncheckedIOException(
          "NOT RUN: there is no redis-server on the PATH; or name one by -Dbenchmarks.redis=redis://host:port",
          e);
    }
  }

  /** Returns its URL. */
  public String url() {
    return url;
  }

  @Override
  public void close() {
    end.run();
  }

  private static void end(Process process, Path directory) {
    process.destroy();
    try {
      if (!process.waitFor(5, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
      Files.deleteIfExists(directory);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException notEmpty) {
      // Beneath the system's directory of temporary files: it is not ours to insist.
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private static void awaitPort(int port, Process process) throws IOException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    while (true) {
      try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
        return;
      } catch (IOException notYet) {
        if (!process.isAlive() || System.nanoTime() - deadline > 0) {
          throw notYet;
        }
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
      }
    }
  }
}
