package io.github.scalingtoolkit.todo.mongo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoClients;
import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.IndexOptions;
import com.mongodb.client.model.Updates;
import io.github.scalingtoolkit.core.time.ManualClock;
import io.github.scalingtoolkit.todo.domain.JobId;
import io.github.scalingtoolkit.todo.domain.KeyedCreate;
import io.github.scalingtoolkit.todo.domain.NewTodo;
import io.github.scalingtoolkit.todo.domain.StoreException;
import io.github.scalingtoolkit.todo.domain.Title;
import io.github.scalingtoolkit.todo.domain.Todo;
import io.github.scalingtoolkit.todo.domain.TodoJob;
import io.github.scalingtoolkit.todo.domain.TodoStore;
import io.github.scalingtoolkit.todo.domain.UserId;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import org.bson.Document;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a process that was killed between two writes of a create with a key leaves behind is completed, once. */
class KeyedCreatesTest {
  private static final UserId ADA = new UserId("ada");
  private static final NewTodo MILK = new NewTodo(new Title("Buy milk"), false);
  private static final String KEY = "key";

  private final ManualClock clock = ManualClock.startingAt(Instant.parse("2026-01-02T03:04:05Z"));
  private WireServer server;
  private MongoClient client;
  private MongoTodoStore store;

  @BeforeEach
  void open() {
    server = WireServer.start();
    client = MongoClients.create(server.uri());
    store = MongoTodoStore.openWithoutThread(MongoSettings.of(server.uri()), clock);
  }

  @AfterEach
  void close() {
    store.close();
    client.close();
    server.close();
  }

  @Test
  void killedAfterTheRecord() {
    Todo first = made(store.createOnce(ADA, KEY, MILK));
    server.todos().deleteMany(new Document());
    requests().updateOne(new Document(), Updates.set("done", false));

    assertCompletedOnceAs(first);
  }

  @Test
  void killedAfterTheTodo() {
    Todo first = made(store.createOnce(ADA, KEY, MILK));
    requests().updateOne(new Document(), Updates.set("done", false));

    assertCompletedOnceAs(first);
  }

  @Test
  void killedAfterTheTodoWhichWasDeletedBeforeTheNextTry() {
    Todo first = made(store.createOnce(ADA, KEY, MILK));
    store.removeOutboxEntries(List.of(JobId.of(first.id())));
    requests().updateOne(new Document(), Updates.set("done", false));
    clock.advance(TodoStore.LONGEST_CREATE);

    store.delete(ADA, first.id(), TodoStore.ALWAYS);

    // Its first answer, and marked as such: a 201 of its own would tell of a todo that is there.
    assertThat(store.createOnce(ADA, KEY, MILK)).isEqualTo(new KeyedCreate.Repeated(first));
    assertThat(store.createOnce(ADA, KEY, MILK)).isEqualTo(new KeyedCreate.Repeated(first));
    assertThat(store.listByUser(ADA, 10, null).todos()).isEmpty();
    assertThat(store.find(ADA, first.id())).isEmpty();
  }

  @Test
  void aForeignUniqueIndexRefusesItAtEveryTry() {
    server.todos().createIndex(new Document("title", 1), new IndexOptions().unique(true));
    server.todos().insertOne(new Document("title", MILK.title().text()));

    assertThat(catchThrowable(() -> store.createOnce(ADA, KEY, MILK)))
        .isExactlyInstanceOf(StoreException.class)
        .hasMessageContaining("code 11000");
    clock.advance(TodoStore.LONGEST_CREATE);
    assertThat(catchThrowable(() -> store.createOnce(ADA, KEY, MILK)))
        .isExactlyInstanceOf(StoreException.class)
        .hasMessageContaining("code 11000");

    server.todos().deleteMany(new Document());
    Todo made = made(store.createOnce(ADA, KEY, MILK));
    assertThat(store.find(ADA, made.id())).contains(made);
  }

  @Test
  void whatIsLeftOfADeletedTodoHasNothingOfItAndGoesInADay() {
    Todo todo = store.create(ADA, MILK);
    JobId job = JobId.of(todo.id());
    store.delete(ADA, todo.id(), TodoStore.ALWAYS);
    assertThat(server.todos().find().first().keySet())
        .containsExactlyInAnyOrder("_id", "outbox", "deletedBy", "deletedAt");
    clock.advance(TodoStore.JOB_LIFE.plusHours(1));
    store.doUpkeep();
    assertThat(store.findJob(job)).contains(new TodoJob(ADA, true));

    store.removeOutboxEntries(List.of(job));
    clock.advance(TodoStore.JOB_LIFE.minusHours(1));
    store.doUpkeep();

    assertThat(store.findJob(job)).contains(new TodoJob(ADA, false));
    clock.advance(Duration.ofHours(2));
    store.doUpkeep();
    assertThat(store.findJob(job)).isEmpty();
    assertThat(server.todos().countDocuments()).isZero();
  }

  @Test
  void manyThatAreDueAreRemovedStepByStep() {
    Date longAgo = Date.from(clock.now().minus(TodoStore.JOB_LIFE).minusSeconds(1));
    List<Document> stubs = new ArrayList<>();
    List<Document> records = new ArrayList<>();
    for (int i = 0; i < MongoUpkeep.MOST_REMOVED + 1; i++) {
      stubs.add(new Document("deletedBy", "ada").append("deletedAt", longAgo));
      records.add(new Document("_id", "key " + i).append("at", longAgo));
    }
    server.todos().insertMany(stubs);
    requests().insertMany(records.subList(0, 3));
    clock.advance(Duration.ofMinutes(10));

    store.doUpkeep();
    assertThat(server.todos().countDocuments()).isOne();
    assertThat(requests().countDocuments()).isZero();

    store.doUpkeep();
    assertThat(server.todos().countDocuments()).isZero();
    requests().insertMany(records);
    store.doUpkeep();
    assertThat(requests().countDocuments()).as("the next look is later").isGreaterThan(1);
    clock.advance(Duration.ofMinutes(10));
    store.doUpkeep();
    assertThat(requests().countDocuments()).isOne();
  }

  @Test
  void recordsAreRemovedWhenTheirKeysLifeIsOver() {
    store.createOnce(ADA, KEY, MILK);
    clock.advance(TodoStore.KEY_LIFE.minusHours(1));
    store.createOnce(ADA, "later", MILK);
    store.doUpkeep();
    assertThat(requests().countDocuments()).isEqualTo(2);

    clock.advance(Duration.ofHours(2));
    store.doUpkeep();

    assertThat(requests().countDocuments()).isOne();
    assertThat(store.createOnce(ADA, "later", MILK)).isInstanceOf(KeyedCreate.Repeated.class);
  }

  private void assertCompletedOnceAs(Todo first) {
    assertThat(store.createOnce(ADA, KEY, MILK)).isEqualTo(new KeyedCreate.UnderWay());
    clock.advance(TodoStore.LONGEST_CREATE);

    assertThat(store.createOnce(ADA, KEY, MILK)).isEqualTo(new KeyedCreate.Made(first));
    assertThat(store.createOnce(ADA, KEY, MILK)).isEqualTo(new KeyedCreate.Repeated(first));
    assertThat(store.listByUser(ADA, 10, null).todos()).containsExactly(first);
  }

  private static Todo made(KeyedCreate outcome) {
    return ((KeyedCreate.Made) outcome).todo();
  }

  private MongoCollection<Document> requests() {
    return client.getDatabase("todoapp").getCollection("requests");
  }
}
