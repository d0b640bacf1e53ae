package io.github.scalingtoolkit.todo.run;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.todo.embedded.ChildJvm;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.BooleanSupplier;

/** A cluster as a user starts it, and what its admin port tells of its workers. */
final class ClusterProcess implements AutoCloseable {
  private final ChildJvm supervisor;
  private final Path data;

  private ClusterProcess(ChildJvm supervisor, Path data) {
    this.supervisor = supervisor;
    this.data = data;
  }

  /** Starts a demo of {@code size} workers; {@code environment} are {@code NAME=value}, of which the later wins. */
  static ClusterProcess start(Path data, String size, String... environment) {
    return new ClusterProcess(
        ServiceProcess.start(environment(data, environment), "cluster", size), data);
  }

  /** As {@link #start}, in this JVM: for what ends before a worker starts. */
  static MainRun startHere(Path data, String size, String... environment) {
    return MainRun.start(environment(data, environment), "cluster", size);
  }

  private static List<String> environment(Path data, String... environment) {
    List<String> all = new ArrayList<>(List.of(
        "APP_ENV=demo",
        "PORT=0",
        "ADMIN_PORT=0",
        "DATA_DIR=" + data,
        "DRAIN_TIMEOUT=2s",
        "RATE_LIMIT=off"));
    all.addAll(List.of(environment));
    return all;
  }

  /** Returns the process that was started, which starts the others. */
  ChildJvm supervisor() {
    return supervisor;
  }

  /** Returns what it and its workers have printed so far. */
  String printed() {
    return String.join("\n", supervisor.lines());
  }

  int port() {
    return ServiceProcess.port(supervisor);
  }

  /** Returns a client of the admin port. */
  TodoClient admin() {
    return TodoClient.anonymous(ServiceProcess.adminPort(supervisor));
  }

  /** Returns the ids of the workers' processes. */
  List<Long> pids() {
    List<Long> pids = new ArrayList<>();
    workers().findValues("pid").forEach(pid -> pids.add(pid.longValue()));
    return pids;
  }

  /** Returns the workers' own ports. */
  List<Integer> ports() {
    return workers().findValuesAsText("address").stream()
        .map(address -> URI.create(address).getPort())
        .toList();
  }

  /** Returns how many workers are ready. */
  int ready() {
    return Collections.frequency(workers().findValuesAsText("state"), "ready");
  }

  static boolean runs(long pid) {
    return ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false);
  }

  /** Fails with what the cluster has printed: what kept it waiting stands there. */
  void await(String what, BooleanSupplier condition) {
    try {
      Await.until(what, condition);
    } catch (AssertionError | RuntimeException failure) {
      throw new AssertionError(failure.getMessage() + "; the cluster said:\n" + printed(), failure);
    }
  }

  /** Kills it, and returns once its workers and its Redis have followed. */
  @Override
  public void close() {
    List<ProcessHandle> following = new ArrayList<>();
    ProcessHandle.of(supervisor.pid()).ifPresent(it -> it.descendants().forEach(following::add));
    ChildJvm.redisOf(data).ifPresent(following::add);
    supervisor.close();
    Await.until(
        "what it had started has ended: " + following,
        () -> following.stream().noneMatch(ProcessHandle::isAlive));
  }

  /** Returns what {@code /info} tells of them. */
  JsonNode workers() {
    return TodoClient.json(admin().get("/info")).get("workers");
  }
}
