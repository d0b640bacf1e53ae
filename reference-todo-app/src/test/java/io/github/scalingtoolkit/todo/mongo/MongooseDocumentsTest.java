package io.github.scalingtoolkit.todo.mongo;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.todo.domain.Changed;
import io.github.scalingtoolkit.todo.domain.JobId;
import io.github.scalingtoolkit.todo.domain.NewTodo;
import io.github.scalingtoolkit.todo.domain.Title;
import io.github.scalingtoolkit.todo.domain.Todo;
import io.github.scalingtoolkit.todo.domain.TodoChange;
import io.github.scalingtoolkit.todo.domain.TodoId;
import io.github.scalingtoolkit.todo.domain.TodoPage;
import io.github.scalingtoolkit.todo.domain.TodoStore;
import io.github.scalingtoolkit.todo.domain.UserId;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import org.bson.Document;
import org.bson.types.ObjectId;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Databases that the tutorial's Express and Mongoose wrote are served as they are. */
class MongooseDocumentsTest {
  private static final UserId USER = new UserId("user123");
  private static final ObjectId ID = new ObjectId("6560f0c0a1b2c3d4e5f60718");
  private static final Instant ID_TIME = ID.getDate().toInstant();

  private static WireServer server;
  private MongoTodoStore store;

  @BeforeAll
  static void startServer() {
    server = WireServer.start();
  }

  @AfterAll
  static void stopServer() {
    server.close();
  }

  @BeforeEach
  void openStore() {
    server.todos().deleteMany(new Document());
    store = MongoTodoStore.openWithoutThread(MongoSettings.of(server.uri()), Clock.system());
  }

  @AfterEach
  void closeStore() {
    store.close();
  }

  @Test
  void readsAMongooseDocument() {
    Instant created = Instant.parse("2024-01-02T03:04:05.678Z");
    Instant updated = Instant.parse("2024-02-02T03:04:05.678Z");
    insert(mongoose()
        .append("completed", true)
        .append("createdAt", Date.from(created))
        .append("updatedAt", Date.from(updated))
        .append("__v", 3)
        .append("somethingElse", List.of(1)));

    assertThat(list(USER))
        .containsExactly(
            new Todo(new TodoId(ID.toHexString()), "Buy milk", true, null, USER, created, updated));
  }

  @Test
  void fillsWhatADocumentLacks() {
    insert(mongoose());

    assertThat(list(USER))
        .containsExactly(new Todo(
            new TodoId(ID.toHexString()), "Buy milk", false, null, USER, ID_TIME, ID_TIME));
  }

  @Test
  void takesAnUpdatedAtThatIsMissingFromCreatedAt() {
    Instant created = Instant.parse("2024-01-02T03:04:05.678Z");
    insert(mongoose().append("createdAt", Date.from(created)));

    assertThat(list(USER)).singleElement().extracting(Todo::updatedAt).isEqualTo(created);
  }

  @Test
  void findsAnOwnerThatIsAnObjectId() {
    ObjectId owner = new ObjectId();
    insert(mongoose().append("userId", owner));

    assertThat(list(new UserId(owner.toHexString())))
        .singleElement()
        .extracting(Todo::userId)
        .isEqualTo(new UserId(owner.toHexString()));
  }

  @Test
  void leavesOutWhatIsNoTodoAndKeepsPaging() {
    insert(new Document("_id", "a string").append("userId", USER.value()).append("title", "x"));
    insert(new Document("_id", 7).append("userId", USER.value()).append("title", "x"));
    insert(new Document("_id", new ObjectId("6560f0c0a1b2c3d4e5f60700"))
        .append("userId", USER.value()));
    insert(mongoose());

    TodoPage first = store.listByUser(USER, 1, null);
    TodoPage second = store.listByUser(USER, 1, first.next());

    assertThat(first.todos()).isEmpty();
    assertThat(second.todos()).extracting(Todo::title).containsExactly("Buy milk");
    assertThat(second.next()).isNull();
  }

  @Test
  void whatHasNoTitleIsNeitherChangedNorDeleted() {
    Document untitled =
        new Document("_id", ID).append("userId", USER.value()).append("completed", true);
    Document numbered = new Document(untitled)
        .append("_id", new ObjectId())
        .append("title", 7)
        .append("outbox", List.of(new Document("jobId", "another")));
    insert(untitled);
    insert(numbered);

    for (Document other : List.of(untitled, numbered)) {
      TodoId id = new TodoId(other.getObjectId("_id").toHexString());
      TodoChange rename = new TodoChange(new Title("Buy milk"), null, null, false);
      assertThat(store.change(USER, id, rename, TodoStore.ALWAYS))
          .isInstanceOf(Changed.Missing.class);
      assertThat(store.delete(USER, id, TodoStore.ALWAYS)).isInstanceOf(Changed.Missing.class);
    }
    assertThat(store.deleteCompleted(USER)).isZero();

    assertThat(server.todos().find()).containsExactlyInAnyOrder(untitled, numbered);
  }

  @Test
  void ofADeletedDocumentNothingIsLeftThatOnlyAnotherServiceKnows() {
    Document deleted = mongoose()
        .append("notes", "private")
        .append("tags", List.of("a"))
        .append("place", new Document("lat", 1));
    Document done = new Document(mongoose())
        .append("_id", new ObjectId())
        .append("completed", true)
        .append("more", "private");
    insert(deleted);
    insert(done);

    assertThat(store.delete(USER, new TodoId(ID.toHexString()), TodoStore.ALWAYS))
        .isInstanceOf(Changed.Done.class);
    assertThat(store.deleteCompleted(USER)).isOne();

    assertThat(server.todos().find())
        .hasSize(2)
        .allSatisfy(left ->
            assertThat(left.keySet()).containsExactlyInAnyOrder("_id", "deletedBy", "deletedAt"));
  }

  @Test
  void ofManyDeletedDocumentsNothingIsLeftThatOnlyAnotherServiceKnows() {
    for (int i = 0; i < 250; i++) {
      insert(new Document(mongoose())
          .append("_id", new ObjectId())
          .append("completed", true)
          .append("note " + i, "private"));
    }

    assertThat(store.deleteCompleted(USER)).isEqualTo(250);

    assertThat(server.todos().find())
        .hasSize(250)
        .allSatisfy(left ->
            assertThat(left.keySet()).containsExactlyInAnyOrder("_id", "deletedBy", "deletedAt"));
  }

  @Test
  void readsTitlesThatItWouldNotAccept() {
    insert(mongoose().append("title", "  " + "x".repeat(600) + "\n"));

    assertThat(list(USER))
        .singleElement()
        .extracting(todo -> todo.title().length())
        .isEqualTo(603);
  }

  @Test
  void writesWhatMongooseReads() {
    Todo made = store.create(USER, new NewTodo(new Title("Buy milk"), false));

    Document stored = server.todos().find().first();

    assertThat(stored).isNotNull();
    assertThat(stored.keySet())
        .containsExactly(
            "_id", "title", "completed", "userId", "createdAt", "updatedAt", "__v", "outbox");
    assertThat(stored.get("_id")).isEqualTo(new ObjectId(made.id().hex()));
    assertThat(stored.get("__v")).isEqualTo(0);
    assertThat(stored.get("createdAt")).isEqualTo(Date.from(made.createdAt()));
    assertThat(stored.getList("outbox", Document.class))
        .containsExactly(new Document("jobId", "n-" + made.id().hex())
            .append("createdAt", Date.from(made.createdAt())));
  }

  @Test
  void leavesNoOutboxBehindWhenNothingIsOwed() {
    Todo made = store.create(USER, new NewTodo(new Title("Buy milk"), false));
    store.removeOutboxEntries(List.of(JobId.of(made.id())));

    assertThat(server.todos().find().first()).doesNotContainKey("outbox");
  }

  @Test
  void takesOutOneEntryOfSeveral() {
    Todo made = store.create(USER, new NewTodo(new Title("Buy milk"), false));
    Document other = new Document("jobId", "another").append("createdAt", new Date());
    server.todos().updateOne(new Document(), new Document("$push", new Document("outbox", other)));

    int removed = store.removeOutboxEntries(List.of(JobId.of(made.id())));

    assertThat(removed).isEqualTo(1);
    assertThat(server.todos().find().first().getList("outbox", Document.class))
        .containsExactly(other);
  }

  private List<Todo> list(UserId user) {
    return store.listByUser(user, 10, null).todos();
  }

  private void insert(Document document) {
    server.todos().insertOne(document);
  }

  private static Document mongoose() {
    return new Document("_id", ID).append("title", "Buy milk").append("userId", USER.value());
  }
}
