package io.github.scalingtoolkit.todo.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.todo.http.HttpConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FleetTest {
  private static final int AT_A_TIME = Math.max(2, Runtime.getRuntime().availableProcessors());

  @TempDir
  private Path directory;

  @Test
  void noMoreWorkersStartAtATimeThanThereAreProcessors() throws Exception {
    Path neverServes = directory.resolve("worker");
    Files.writeString(neverServes, "#!/bin/sh\nexec sleep 60\n");
    Files.setPosixFilePermissions(neverServes, PosixFilePermissions.fromString("rwx------"));
    Fleet fleet = new Fleet(
        AT_A_TIME + 3,
        new WorkerLauncher(List.of(neverServes.toString()), Map.of()),
        new Balancer(HttpConfig.at("public", "127.0.0.1", 0)),
        new RestartPolicy(() -> 0),
        Duration.ofSeconds(1),
        Clock.system());
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
