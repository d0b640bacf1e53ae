package io.github.scalingtoolkit.todo.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.FaultProxy;
import io.github.scalingtoolkit.testing.RedisServer;
import io.github.scalingtoolkit.todo.mongo.WireServer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Contract §2, "of three processes of which one alone has lost MongoDB", with the processes of a real cluster. */
class ClusterCutOffTest {
  private static final int READS = 1000;

  @TempDir
  private Path directory;

  @Test
  void aWorkerThatAloneLosesMongoFailsOneReadInAHundredAtMost() throws Exception {
    // The same with three services of this JVM behind the same balancer is in
    // ServiceUnderMongoFailureTest.
    assumeTrue(
        Integer.getInteger("toolkit.test.kills", 1) > 1,
        "NOT RUN: it starts five JVMs, so only -Dtoolkit.test.kills=2 or more asks for it");
    Path address = directory.resolve("mongo-uri");
    try (RedisServer redis = RedisServer.start();
        WireServer mongo = WireServer.start();
        FaultProxy cutOff = FaultProxy.to(mongo.port())) {
      Files.writeString(address, uri(mongo.port()));
      try (ClusterProcess cluster = ClusterProcess.start(
          directory.resolve("data"),
          "3",
          "MONGO_URI_FILE=" + address,
          "REDIS_URL=" + redis.url(),
          "JWT_SECRET=" + TodoClient.JWT_SECRET,
          // Every list is read from MongoDB.
          "CACHE_TTL=off")) {
        cluster.await("all are ready", () -> cluster.ready() == 3);
        // The one that replaces the killed worker reads another address.
        Files.writeString(address, uri(cutOff.port()));
        long killed = cluster.pids().get(0);
        ProcessHandle.of(killed).orElseThrow().destroyForcibly();
        cluster.await(
            "it has been replaced",
            () -> cluster.ready() == 3 && !cluster.pids().contains(killed));

        try (KeepAliveLoad load = new KeepAliveLoad(
            cluster.port(), 4, n -> KeepAliveLoad.get(TodoClient.of(0, "reader")), 200)) {
          Await.until("the load runs", () -> load.answered() > 100);
          cutOff.cut();
          int before = load.answered();
          cluster.await(
              "one of them says that it lacks MongoDB",
              () -> cluster.admin().get("/readyz").body().contains("\"DEGRADED\""));
          Await.until("it went on", () -> load.answered() > before + READS);

          assertThat(load.failures()).hasSizeLessThanOrEqualTo(load.answered() / 100);
        }
      }
    }
  }

  private static String uri(int port) {
    return "mongodb://127.0.0.1:" + port + "/todoapp";
  }
}
