package io.github.scalingtoolkit.todo.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.github.scalingtoolkit.core.limit.ClientAddress;
import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.todo.http.HttpConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FleetTest {
  private static final int AT_A_TIME = Math.max(2, Runtime.getRuntime().availableProcessors());

  @TempDir
  private Path directory;

  @Test
  void whoeverAsksForAReplacementWhileOneIsUnderWayGetsOneMoreAfterwards() throws Exception {
    AtomicBoolean ready = new AtomicBoolean();
    HttpServer probed =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    probed.createContext("/readyz", exchange -> {
      exchange.sendResponseHeaders(ready.get() ? 200 : 503, -1);
      exchange.close();
    });
    probed.start();
    int port = probed.getAddress().getPort();
    Path starts = directory.resolve("starts");
    Fleet fleet = fleet(
        2,
        "echo started >> " + starts + "; echo '" + WorkerLink.ANNOUNCEMENT + port + " " + port
            + "'; exec sleep 60");
    try {
      fleet.start();
      Thread first = new Thread(fleet::replaceAll);
      first.start();
      Await.until("the first replacement is not ready yet", () -> lines(starts) == 3);

      fleet.replaceAll();
      fleet.replaceAll();
      assertThat(first.isAlive()).isTrue();
      ready.set(true);
      first.join();

      assertThat(lines(starts)).as("two workers, replaced twice").isEqualTo(2 + 2 + 2);
      fleet.replaceAll();
      assertThat(lines(starts)).isEqualTo(2 + 2 + 2 + 2);
    } finally {
      fleet.stop();
      probed.stop(0);
    }
  }

  private Fleet fleet(int size, String script) throws IOException {
    Path worker = directory.resolve("worker");
    Files.writeString(worker, "#!/bin/sh\n" + script + "\n");
    Files.setPosixFilePermissions(worker, PosixFilePermissions.fromString("rwx------"));
    return new Fleet(
        size,
        new WorkerLauncher(List.of(worker.toString()), Map.of()),
        new Balancer(HttpConfig.at("public", "127.0.0.1", 0), ClientAddress.behind()),
        new RestartPolicy(() -> 0),
        Duration.ofSeconds(1),
        Clock.system());
  }

  private static int lines(Path file) {
    try {
      return Files.exists(file) ? Files.readAllLines(file).size() : 0;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void noMoreWorkersStartAtATimeThanThereAreProcessors() throws Exception {
    Fleet fleet = fleet(AT_A_TIME + 3, "exec sleep 60");
    try {
      fleet.turn();
      fleet.turn();

      assertThat(fleet.workers()).hasSize(AT_A_TIME).allMatch(WorkerProcess::isAlive);
    } finally {
      fleet.stop();
    }
    assertThat(fleet.workers()).noneMatch(WorkerProcess::isAlive);
  }
}
