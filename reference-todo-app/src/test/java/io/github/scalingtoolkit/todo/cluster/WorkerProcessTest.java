package io.github.scalingtoolkit.todo.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.testing.Await;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WorkerProcessTest {
  private static final int INPUT_ENDED = 7;

  @TempDir
  private Path directory;

  /** The end of its input means the end of its supervisor to a worker, which then ends in another way and with 1. */
  @Test
  void aWorkerAskedToStopKeepsItsInputUntilItHasStopped() throws Exception {
    Path asked = directory.resolve("asked");
    // A shell that reads on descriptor 3 in the background, and after SIGTERM gives the end of its
    // input time to come.
    String script = "exec 3<&0; (cat <&3 >/dev/null; touch ended) & "
        + "trap 'touch asked; sleep 1; test -e ended && exit " + INPUT_ENDED + "; exit 0' TERM; "
        + "touch ready; while :; do sleep 0.05; done";
    WorkerProcess worker = new WorkerProcess(
        1, new ProcessBuilder("sh", "-c", script).directory(directory.toFile()).start());
    try {
      Await.until("it listens to signals", () -> Files.exists(directory.resolve("ready")));

      worker.terminate();
      worker.awaitEnd(Duration.ofSeconds(30));

      assertThat(asked).exists();
      assertThat(worker.exitCode()).isZero();
    } finally {
      worker.kill();
      // What reads the input outlives the shell, and writes where the test cleans up after it.
      Await.until("its input has ended", () -> Files.exists(directory.resolve("ended")));
    }
  }
}
