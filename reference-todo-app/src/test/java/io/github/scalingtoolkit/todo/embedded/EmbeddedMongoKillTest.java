package io.github.scalingtoolkit.todo.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoClients;
import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.Filters;
import io.github.scalingtoolkit.testing.Await;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bson.Document;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Contract §4, "app, kill -9": what was acknowledged is kept, in the embedded store too. {@code -Dtoolkit.test.kills} asks for more kills. */
class EmbeddedMongoKillTest {
  private static final int KILLS = Integer.getInteger("toolkit.test.kills", 1);
  private static final int LINES_BEFORE_KILL = 240;

  @TempDir
  private Path directory;

  @Test
  void keepsEveryAcknowledgedWriteThroughKillsUnderSeveralWriters() throws Exception {
    List<String> acknowledged = new ArrayList<>();
    List<String> done = new ArrayList<>();

    for (int kill = 0; kill < KILLS; kill++) {
      try (ChildJvm child =
          ChildJvm.start(DemoChild.class, directory.toString(), "MONGO", "WRITE")) {
        child.awaitLine("ready");
        Await.until(
            "the child has written", () -> !child.isAlive() || child.printed() > LINES_BEFORE_KILL);
        assertThat(child.isAlive()).as("%s", child.lines()).isTrue();
        child.kill();
        acknowledged.addAll(rest(child, "ack "));
        done.addAll(rest(child, "done "));
      }
    }

    assertThat(acknowledged).hasSizeGreaterThan(KILLS * LINES_BEFORE_KILL / 3);
    Path file = directory.resolve("mongo").resolve("store.mv");
    try (EmbeddedMongo store = EmbeddedMongo.start(file);
        MongoClient client = MongoClients.create(store.uri())) {
      MongoCollection<Document> todos =
          client.getDatabase(EmbeddedMongo.DATABASE).getCollection("todos");
      Map<String, Document> documents = new HashMap<>();
      todos.find().forEach(todo -> documents.put(todo.getString("_id"), todo));
      assertThat(documents.keySet()).containsAll(acknowledged);
      assertThat(done)
          .allSatisfy(id ->
              assertThat(documents.get(id).getList("outbox", String.class)).isEmpty());
      assertThat(documents.values()).allSatisfy(todo -> {
        assertThat(todos.find(Filters.eq("_id", todo.get("_id"))).first()).isEqualTo(todo);
        assertThat(todos.find(Filters.eq("jobId", todo.get("jobId"))).first()).isEqualTo(todo);
      });
      assertThat(todos.countDocuments()).isEqualTo(documents.size());
    }
    assertThat(Files.size(file)).isLessThan(32L << 20);
  }

  private static List<String> rest(ChildJvm child, String prefix) {
    return child.lines().stream()
        .filter(line -> line.startsWith(prefix) && line.length() == prefix.length() + 36)
        .map(line -> line.substring(prefix.length()))
        .toList();
  }
}
