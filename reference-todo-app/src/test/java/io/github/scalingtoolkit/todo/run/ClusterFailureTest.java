package io.github.scalingtoolkit.todo.run;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.testing.Await;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Clusters that are killed, cannot start, or are told to end while they start: each test has one of its own. */
class ClusterFailureTest {
  @TempDir
  private static Path directory;

  @Test
  void aKilledSupervisorLeavesNoProcessAndLosesNothing() throws Exception {
    Path data = directory.resolve("killed");
    List<Long> left = new ArrayList<>();
    String token;
    try (ClusterProcess killed = ClusterProcess.start(data, "2")) {
      TodoClient writer = ServiceProcess.logIn(killed.supervisor());
      token = writer.token();
      assertThat(writer.create("acknowledged").statusCode()).isEqualTo(201);
      left.addAll(killed.pids());
      left.add(redisOf(data));
      assertThat(left).hasSize(3).allMatch(ClusterProcess::runs);
      killed.supervisor().kill();
    }

    awaitEnd("workers and Redis have ended", left);
    try (ClusterProcess again = ClusterProcess.start(data, "1")) {
      TodoClient same = new TodoClient(again.port(), token);
      assertThat(TodoClient.titles(same.list())).contains("acknowledged");
    }
    Await.until("nothing is left", () -> !ClusterProcess.runs(redisOfOrNone(data)));
  }

  @Test
  void aSupervisorKilledAtTheStartOfWorkersLeavesNoProcess() throws Exception {
    Path data = directory.resolve("killed-early");
    List<Long> left = new ArrayList<>();
    try (ClusterProcess killed = ClusterProcess.start(data, "2")) {
      Await.until("workers are starting, beside the watch over Redis", () -> {
        left.clear();
        ProcessHandle.of(killed.supervisor().pid())
            .ifPresent(supervisor -> supervisor.children().forEach(one -> left.add(one.pid())));
        return left.size() == 2 + 1;
      });
      left.add(redisOf(data));
      assertThat(killed.supervisor().lines()).noneMatch(line -> line.startsWith("Todo service:"));
      killed.supervisor().kill();
    }

    awaitEnd("workers and Redis have ended", left);
  }

  @Test
  void aSupervisorKilledWhileNoWorkerLivesLeavesNoProcess() throws Exception {
    Path data = whereWorkersCannotServe("killed-alone");
    List<Long> left = new ArrayList<>();
    try (ClusterProcess killed = ClusterProcess.start(data, "1")) {
      // The next worker comes in more than a second.
      killed.await(
          "its worker has ended three times", () -> killed.printed().contains("ends_in_a_row=3"));
      killed.await("nothing is beside it but the watch over Redis", () -> {
        left.clear();
        ProcessHandle.of(killed.supervisor().pid())
            .ifPresent(supervisor -> supervisor.descendants().forEach(one -> left.add(one.pid())));
        return left.size() == 1;
      });
      left.add(redisOf(data));
      killed.supervisor().kill();
    }

    awaitEnd("Redis has ended", left);
  }

  private static void awaitEnd(String what, List<Long> pids) {
    Await.until(what, () -> pids.stream().noneMatch(ClusterProcess::runs));
  }

  private static long redisOf(Path data) throws Exception {
    try (var files = Files.walk(data.resolve("redis"))) {
      Path pid =
          files.filter(file -> file.toString().endsWith(".pid")).findFirst().orElseThrow();
      return Long.parseLong(Files.readString(pid).strip());
    }
  }

  private static long redisOfOrNone(Path data) {
    try {
      return redisOf(data);
    } catch (Exception gone) {
      return -1;
    }
  }

  @Test
  void aPortInUseEndsWith3BeforeAnythingIsStarted() throws Exception {
    Path data = directory.resolve("untouched");
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        MainRun run = ClusterProcess.startHere(data, "2", "PORT=" + taken.getLocalPort())) {
      assertThat(run.awaitEnd()).isEqualTo(3);
      assertThat(String.join("\n", run.lines()))
          .contains(":" + taken.getLocalPort() + " ", " PORT.")
          .doesNotContain("\tat ");
    }
    assertThat(data).doesNotExist();
  }

  @Test
  void aSizeThatIsNoneEndsWith2() {
    for (String size : List.of("0", "many", "65")) {
      try (MainRun run = ClusterProcess.startHere(directory.resolve("none"), size)) {
        assertThat(run.awaitEnd()).isEqualTo(2);
        assertThat(String.join("\n", run.lines())).contains("from 1 to 64", "usage: ");
      }
    }
  }

  @Test
  void aWorkerThatDiesAtFiveStartsEndsTheClusterWith1() {
    try (ClusterProcess child = ClusterProcess.start(whereWorkersCannotServe("dying"), "1")) {
      assertThat(child.supervisor().awaitEnd()).isEqualTo(1);
      assertThat(child.printed())
          .contains("worker 1 ended 5 times before it served", "ends_in_a_row=4")
          .doesNotContain("ends_in_a_row=6", "\tat ");
    }
  }

  @Test
  void sigtermWhileWorkersStartIsNotKeptWaitingForThem() {
    try (ClusterProcess child =
        ClusterProcess.start(whereWorkersCannotServe("starting"), "1", "DRAIN_TIMEOUT=60s")) {
      child.await("a worker was started", () -> child.printed().contains("ends_in_a_row=1"));
      long asked = System.nanoTime();
      child.supervisor().terminate();

      assertThat(child.supervisor().awaitEnd()).isZero();
      assertThat(Duration.ofNanos(System.nanoTime() - asked)).isLessThan(Duration.ofSeconds(25));
    }
  }

  /** Workers write notifications into a file there, where a directory stands now; the supervisor does not. */
  private static Path whereWorkersCannotServe(String name) {
    Path data = directory.resolve(name);
    try {
      Files.createDirectories(data.resolve("notifications.jsonl"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return data;
  }
}
