package io.github.scalingtoolkit.todo.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoClients;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.todo.stores.DataDirectory;
import io.github.scalingtoolkit.todo.stores.EmbeddedStores;
import io.github.scalingtoolkit.todo.stores.EmbeddedStores.Kind;
import io.github.scalingtoolkit.todo.stores.EmbeddedStores.Running;
import io.github.scalingtoolkit.todo.stores.StoresException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;
import org.bson.Document;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;

class DemoStoresTest {
  private final EmbeddedStores stores = EmbeddedStores.find().orElseThrow();

  @TempDir
  private Path data;

  @Test
  void startBothAndKeepTheirDataThroughAStop() {
    try (DataDirectory directory = DataDirectory.open(data)) {
      try (Running running = stores.start(directory, EnumSet.allOf(Kind.class));
          MongoClient mongo = MongoClients.create(running.mongoUri().orElseThrow());
          Jedis redis = new Jedis(URI.create(running.redisUrl().orElseThrow()))) {
        mongo.getDatabase("todoapp").getCollection("todos").insertOne(new Document("_id", 1));
        redis.set("job", "waiting");
        assertThat(running.toString()).doesNotContain(running.redisUrl().orElseThrow());
      }

      try (Running running = stores.start(directory, EnumSet.allOf(Kind.class));
          MongoClient mongo = MongoClients.create(running.mongoUri().orElseThrow());
          Jedis redis = new Jedis(URI.create(running.redisUrl().orElseThrow()))) {
        assertThat(mongo.getDatabase("todoapp").getCollection("todos").countDocuments())
            .isEqualTo(1);
        assertThat(redis.get("job")).isEqualTo("waiting");
      }
    }
  }

  @Test
  void startOnlyWhatIsAskedFor() {
    try (DataDirectory directory = DataDirectory.open(data);
        Running running = stores.start(directory, Set.of(Kind.MONGO))) {
      assertThat(running.mongoUri()).isPresent();
      assertThat(running.redisUrl()).isEmpty();
      assertThat(data.resolve("redis")).doesNotExist();
    }
  }

  @Test
  void stopTheFirstWhenTheSecondCannotStart() throws Exception {
    try (DataDirectory directory = DataDirectory.open(data)) {
      Path redis = Files.createDirectories(data.resolve("redis"));
      Files.write(
          redis.resolve("appendonly.aof"),
          "not what Redis wrote".repeat(20).getBytes(StandardCharsets.UTF_8));

      assertThatThrownBy(() -> stores.start(directory, EnumSet.allOf(Kind.class)))
          .isInstanceOf(StoresException.class)
          .hasMessageContaining("appendonly.aof");

      stores.start(directory, Set.of(Kind.MONGO)).close();
    }
  }

  @Test
  void tellASecondProcessWhichOneOwnsTheDirectory() {
    try (DataDirectory directory = DataDirectory.open(data);
        Running running = stores.start(directory, Set.of(Kind.MONGO));
        ChildJvm second = ChildJvm.start(DemoChild.class, data.toString(), "MONGO", "REDIS");
        MongoClient mongo = MongoClients.create(running.mongoUri().orElseThrow())) {
      assertThat(second.awaitLine("refused 3: "))
          .contains(
              directory.path().toString(), "process " + ProcessHandle.current().pid());

      mongo.getDatabase("todoapp").getCollection("todos").insertOne(new Document("_id", 1));
    }
  }

  @Test
  void refuseADamagedFileAfterAKillAndLeaveItAlone() throws Exception {
    try (ChildJvm child = ChildJvm.start(DemoChild.class, data.toString(), "MONGO", "WRITE")) {
      Path note = data.resolve("mongo/store.mv.version");
      Await.until("a second of writes is on disk", () -> Files.exists(note) || !child.isAlive());
      child.kill();
    }
    Path file = data.resolve("mongo/store.mv");
    byte[] damaged = Files.readAllBytes(file);
    Arrays.fill(damaged, 2 * 4096, damaged.length, (byte) 0);
    Files.write(file, damaged);

    try (ChildJvm child = ChildJvm.start(DemoChild.class, data.toString(), "MONGO")) {
      assertThat(child.awaitLine("refused 3: "))
          .contains(file.toRealPath().toString(), "move it away");
      assertThat(child.awaitEnd()).isEqualTo(3);
    }
    assertThat(file).hasBinaryContent(damaged);
  }
}
