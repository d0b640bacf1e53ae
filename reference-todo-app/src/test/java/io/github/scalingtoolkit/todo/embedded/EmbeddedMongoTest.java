package io.github.scalingtoolkit.todo.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.mongodb.ErrorCategory;
import com.mongodb.MongoCommandException;
import com.mongodb.MongoWriteException;
import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoClients;
import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.IndexOptions;
import com.mongodb.client.model.Updates;
import io.github.scalingtoolkit.todo.stores.StoresException;
import io.github.scalingtoolkit.todo.stores.StoresException.Reason;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Date;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.bson.Document;
import org.bson.types.Binary;
import org.bson.types.Decimal128;
import org.bson.types.ObjectId;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

class EmbeddedMongoTest {
  @TempDir
  private Path directory;

  @Test
  void keepsDocumentsAndUniqueIndexesThroughARestart() {
    try (Opened opened = open()) {
      opened.todos.createIndex(new Document("jobId", 1), new IndexOptions().unique(true));
      opened.todos.insertOne(new Document("_id", 1).append("jobId", "a"));
    }

    try (Opened opened = open()) {
      assertThat(opened.todos.find(Filters.eq("jobId", "a")).first())
          .isEqualTo(new Document("_id", 1).append("jobId", "a"));
      assertThatThrownBy(() -> opened.todos.insertOne(new Document("_id", 2).append("jobId", "a")))
          .asInstanceOf(InstanceOfAssertFactories.type(MongoWriteException.class))
          .returns(ErrorCategory.DUPLICATE_KEY, refused -> refused.getError().getCategory());
      opened.todos.insertOne(new Document("_id", 2).append("jobId", "b"));
      assertThat(opened.todos.countDocuments()).isEqualTo(2);
    }
  }

  @Test
  void listensOnTheLoopbackAddressOnly() {
    try (Opened opened = open()) {
      assertThat(opened.store.uri()).matches("mongodb://127\\.0\\.0\\.1:\\d+/todoapp");
    }
  }

  @Test
  void answersAnUnknownCommandAsMongoDbDoesAndLogsNothingOfIt() {
    LoggerContext logback = (LoggerContext) LoggerFactory.getILoggerFactory();
    ListAppender<ILoggingEvent> logged = new ListAppender<>();
    logged.start();
    logback.getLogger(Logger.ROOT_LOGGER_NAME).addAppender(logged);
    try (Opened opened = open()) {
      assertThatThrownBy(() -> opened
              .client
              .getDatabase(EmbeddedMongo.DATABASE)
              .runCommand(new Document("noSuchThing", "private")))
          .asInstanceOf(InstanceOfAssertFactories.type(MongoCommandException.class))
          .returns(59, MongoCommandException::getErrorCode);
    } finally {
      logback.getLogger(Logger.ROOT_LOGGER_NAME).detachAppender(logged);
    }

    assertThat(logged.list)
        .extracting(ILoggingEvent::getFormattedMessage)
        .noneMatch(message -> message.contains("private"));
  }

  @Test
  void neverShowsHalfOfAnUpdate() {
    try (Opened opened = open()) {
      opened.todos.insertOne(new Document("_id", 1).append("a", 0).append("b", 0));
      AtomicBoolean done = new AtomicBoolean();
      CompletableFuture<Void> writer = CompletableFuture.runAsync(
          () -> {
            for (int i = 1; i <= 100; i++) {
              opened.todos.updateOne(
                  Filters.eq("_id", 1), Updates.combine(Updates.set("a", i), Updates.set("b", i)));
            }
            done.set(true);
          },
          task -> new Thread(task).start());

      while (!done.get() && !writer.isDone()) {
        Document seen = opened.todos.find(Filters.eq("_id", 1)).first();
        assertThat(seen).isNotNull();
        assertThat(seen.get("a")).isEqualTo(seen.get("b"));
      }

      writer.join();
    }
  }

  @Test
  void takesAWriteLargerThanTheStoresBuffer() {
    try (Opened opened = open()) {
      String large = "x".repeat(100_000);
      List<Document> documents = IntStream.range(0, 40)
          .mapToObj(i -> new Document("_id", i).append("title", large))
          .toList();

      opened.todos.insertMany(documents);

      assertThat(opened.todos.countDocuments()).isEqualTo(40);
    }
    try (Opened opened = open()) {
      assertThat(opened.todos.countDocuments()).isEqualTo(40);
    }
  }

  @Test
  void keepsItsFileSmallWhileDocumentsAreRewritten() throws Exception {
    try (Opened opened = open()) {
      opened.todos.insertMany(IntStream.range(0, 200)
          .mapToObj(i -> new Document("_id", i).append("title", "x".repeat(500)))
          .toList());

      for (int i = 0; i < 800; i++) {
        opened.todos.updateOne(Filters.eq("_id", i % 200), Updates.set("round", i));
      }

      assertThat(Files.size(file())).isLessThan(16L << 20);
    }
  }

  @Test
  void refusesAFileThatIsNotItsOwnAndLeavesItAlone() throws Exception {
    byte[] foreign = "this is not a store\n".repeat(2000).getBytes(StandardCharsets.UTF_8);
    Files.write(file(), foreign);

    assertRefusedAndUnharmed(foreign);
  }

  @Test
  void refusesAFileWithADamagedPageAndLeavesItAlone() throws Exception {
    fill();
    byte[] damaged = Files.readAllBytes(file());
    Arrays.fill(damaged, damaged.length / 4, damaged.length * 3 / 4, (byte) 0x5a);
    Files.write(file(), damaged);

    assertRefusedAndUnharmed(damaged);
  }

  @Test
  void refusesAFileThatWasCutAndLeavesItAlone() throws Exception {
    fill();
    byte[] cut = Arrays.copyOf(Files.readAllBytes(file()), 3 * 4096);
    Files.write(file(), cut);

    assertRefusedAndUnharmed(cut);
  }

  @Test
  void startsEmptyOnceADamagedFileIsMovedAway() throws Exception {
    fill();
    Files.move(file(), directory.resolve("damaged.mv"));

    try (Opened opened = open()) {
      assertThat(opened.todos.countDocuments()).isZero();
    }
  }

  @Test
  void keepsValuesOfAllKinds() {
    Document document = new Document("_id", new ObjectId())
        .append("text", "\u00fc\ud83d\ude00")
        .append("int", 1)
        .append("long", 1L << 40)
        .append("double", 0.5)
        .append("date", new Date(1))
        .append("null", null)
        .append("flag", true)
        .append("bytes", new Binary(new byte[] {1, 2}))
        .append("decimal", Decimal128.parse("1.10"))
        .append("list", List.of(1, "a", List.of()))
        .append("nested", new Document("a", new Document()));
    try (Opened opened = open()) {
      opened.todos.insertOne(document);
    }

    try (Opened opened = open()) {
      assertThat(opened.todos.find().first()).isEqualTo(document);
    }
  }

  @Test
  void refusesAFileThatAnotherStoreHasOpen() {
    try (Opened opened = open()) {
      assertThatThrownBy(() -> EmbeddedMongo.start(file()))
          .hasMessageContaining(file() + " is in use")
          .asInstanceOf(InstanceOfAssertFactories.type(StoresException.class))
          .returns(Reason.IN_USE, StoresException::reason);

      opened.todos.insertOne(new Document("_id", 1));
    }
  }

  @Test
  void refusesAFileThatIsCutShortWithinItsFirstPages() throws Exception {
    fill();
    byte[] cut = Arrays.copyOf(Files.readAllBytes(file()), 5_000);
    Files.write(file(), cut);

    assertRefusedAndUnharmed(cut);
  }

  private void assertRefusedAndUnharmed(byte[] content) {
    assertThatThrownBy(() -> EmbeddedMongo.start(file()))
        .hasMessageContaining("data file " + file() + " is damaged")
        .hasMessageContaining("move it away")
        .asInstanceOf(InstanceOfAssertFactories.type(StoresException.class))
        .returns(Reason.CORRUPT, StoresException::reason)
        .returns(3, StoresException::exitCode);
    assertThat(file()).hasBinaryContent(content);
  }

  private void fill() {
    try (Opened opened = open()) {
      for (int batch = 0; batch < 10; batch++) {
        int first = batch * 50;
        opened.todos.insertMany(IntStream.range(first, first + 50)
            .mapToObj(i -> new Document("_id", i).append("title", "x".repeat(300)))
            .toList());
      }
    }
  }

  private Path file() {
    return directory.resolve("store.mv");
  }

  private Opened open() {
    EmbeddedMongo store = EmbeddedMongo.start(file());
    MongoClient client = MongoClients.create(store.uri());
    return new Opened(
        store, client, client.getDatabase(EmbeddedMongo.DATABASE).getCollection("todos"));
  }

  private record Opened(EmbeddedMongo store, MongoClient client, MongoCollection<Document> todos)
      implements AutoCloseable {
    @Override
    public void close() {
      client.close();
      store.close();
    }
  }
}
