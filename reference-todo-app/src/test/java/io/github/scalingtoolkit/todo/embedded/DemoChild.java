package io.github.scalingtoolkit.todo.embedded;

import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoClients;
import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.IndexOptions;
import com.mongodb.client.model.Updates;
import io.github.scalingtoolkit.todo.stores.DataDirectory;
import io.github.scalingtoolkit.todo.stores.EmbeddedStores;
import io.github.scalingtoolkit.todo.stores.EmbeddedStores.Kind;
import io.github.scalingtoolkit.todo.stores.StoresException;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bson.Document;

/**
 * Owns a data directory in a JVM of its own. Arguments: the directory, then any of {@code MONGO}, {@code REDIS} (what to
 * start) and {@code WRITE} (write todos from several threads and print {@code ack id} for each). Prints {@code ready}
 * and runs until it is killed; prints {@code refused code: message} and exits with the code if it cannot have something.
 */
public final class DemoChild {
  static final int WRITERS = 6;

  private DemoChild() {}

  public static void main(String[] arguments) throws InterruptedException {
    Set<String> wishes = Stream.of(arguments).skip(1).collect(Collectors.toSet());
    try {
      DataDirectory directory = DataDirectory.open(Path.of(arguments[0]));
      Set<Kind> kinds = EnumSet.allOf(Kind.class).stream()
          .filter(kind -> wishes.contains(kind.name()))
          .collect(Collectors.toSet());
      EmbeddedStores.Running stores = EmbeddedStores.find().orElseThrow().start(directory, kinds);
      stores.redisUrl().ifPresent(url -> System.out.println("redis " + url));
      System.out.println("ready");
      if (wishes.contains("WRITE")) {
        write(stores.mongoUri().orElseThrow());
      }
      new CountDownLatch(1).await();
    } catch (StoresException e) {
      System.out.println("refused " + e.exitCode() + ": " + e.getMessage());
      System.exit(e.exitCode());
    }
  }

  private static void write(String uri) {
    MongoClient client = MongoClients.create(uri);
    MongoCollection<Document> todos = client.getDatabase("todoapp").getCollection("todos");
    todos.createIndex(new Document("jobId", 1), new IndexOptions().unique(true));
    for (int writer = 0; writer < WRITERS; writer++) {
      new Thread(() -> writeForever(todos), "writer-" + writer).start();
    }
  }

  /** A create and the end of its job, as the app does it. */
  private static void writeForever(MongoCollection<Document> todos) {
    while (true) {
      String id = UUID.randomUUID().toString();
      todos.insertOne(new Document("_id", id)
          .append("jobId", "job-" + id)
          .append("title", "write it down")
          .append("outbox", List.of("job-" + id)));
      System.out.println("ack " + id);
      todos.updateOne(Filters.eq("_id", id), Updates.pull("outbox", "job-" + id));
      System.out.println("done " + id);
    }
  }
}
