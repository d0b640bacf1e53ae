package io.github.scalingtoolkit.todo.embedded;

import io.github.scalingtoolkit.todo.stores.StoresException;
import io.github.scalingtoolkit.todo.stores.StoresException.Reason;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * Stops the server in a directory once this process has ended in any way: a shell at the other end of a pipe, which
 * breaks when this process ends. When it is dismissed, it ends and leaves the server running.
 *
 * <p>It starts before the server, so there is never a server without it. It takes the server's pid from the pid file,
 * since the server may have been restarted; and does nothing once the directory's lock file names another
 * owner than this process, which has adopted the server or has its own.
 */
final class RedisWatch implements AutoCloseable {
  /** $1 is the lock file, $2 its owner's pid. A server that is starting has 5 s to write its pid. */
  private static final String SCRIPT = """
      trap '' HUP INT TERM
      if read -r word; then exit 0; fi
      runs() { kill -0 "$pid" && { [ ! -e /proc/self ] || [ "/proc/$pid/cwd" -ef . ]; }; }
      tries=0
      until pid=$(cat redis.pid) && runs; do
        tries=$((tries + 1))
        [ "$tries" -le 50 ] || exit 0
        sleep 0.1
      done
      [ "$(cat "$1")" = "$2" ] || exit 0
      kill "$pid"
      tries=0
      while runs; do
        tries=$((tries + 1))
        [ "$tries" -le 100 ] || kill -KILL "$pid"
        sleep 0.1
      done
      """;

  /** In a session of its own where there is such a command, so that kill -9 of the process group leaves it alone. */
  private static final String DETACHED = "command -v setsid && exec setsid \"$@\"; exec \"$@\"";

  private final Process shell;

  private RedisWatch(Process shell) {
    this.shell = shell;
  }

  /**
   * Watches over the server in {@code directory}, which need not run yet.
   *
   * @param lockFile names this process as the directory's owner by its pid
   */
  static RedisWatch start(Path directory, Path lockFile) {
    String owner = Long.toString(ProcessHandle.current().pid());
    try {
      return new RedisWatch(new ProcessBuilder(
              "sh",
              "-c",
              DETACHED,
              "sh",
              "sh",
              "-c",
              SCRIPT,
              "redis-watch",
              lockFile.toString(),
              owner)
          .directory(directory.toFile())
          .redirectOutput(ProcessBuilder.Redirect.DISCARD)
          .redirectError(ProcessBuilder.Redirect.DISCARD)
          .start());
    } catch (IOException e) {
      throw new StoresException(
          Reason.FAILED, "cannot start a shell to watch over Redis: " + e.getMessage(), e);
    }
  }

  Process shell() {
    return shell;
  }

  /** Ends the watch, and leaves the server running. */
  @Override
  public void close() {
    try (var words = shell.getOutputStream()) {
      words.write("over\n".getBytes(StandardCharsets.US_ASCII));
    } catch (IOException ended) {
      // It has been killed.
    }
  }
}
