package io.github.scalingtoolkit.todo.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoClients;
import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.Sorts;
import com.mongodb.client.model.Updates;
import de.bwaldvogel.mongo.backend.CursorRegistry;
import de.bwaldvogel.mongo.backend.h2.H2Database;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.bson.Document;
import org.bson.conversions.Bson;
import org.bson.types.ObjectId;
import org.h2.mvstore.MVMap;
import org.h2.mvstore.MVStore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DocumentCollectionTest {
  private static final long SEED = 20261124;
  private static final List<Object> OWNERS =
      List.of("ada", "ada\0", "ad", "a", new ObjectId("0123456789abcdef01234567"));

  @TempDir
  private Path directory;

  private final Random random = new Random(SEED);
  private final Map<ObjectId, Document> expected = new TreeMap<>();

  @Test
  void findsWhatLookingThroughAllDocumentsFinds() {
    Path file = directory.resolve("store.mv");
    for (int life = 0; life < 3; life++) {
      try (EmbeddedMongo store = EmbeddedMongo.start(file);
          MongoClient client = MongoClients.create(store.uri())) {
        MongoCollection<Document> todos =
            client.getDatabase(EmbeddedMongo.DATABASE).getCollection("todos");
        for (int step = 0; step < 150; step++) {
          change(todos);
        }
        for (int asked = 0; asked < 60; asked++) {
          compare(todos);
        }
      }
    }
  }

  @Test
  void looksOnlyAtDocumentsThatCanMatch() {
    try (MVStore store = MVStore.open(null)) {
      DocumentCollection todos =
          (DocumentCollection) DocumentDatabase.open("todoapp", store, new CursorRegistry())
              .createCollectionOrThrowIfExists("todos");
      List<de.bwaldvogel.mongo.bson.ObjectId> ids = IntStream.range(0, 100)
          .mapToObj(i -> new de.bwaldvogel.mongo.bson.ObjectId(String.format("%024x", i)))
          .toList();
      for (int i = 0; i < ids.size(); i++) {
        de.bwaldvogel.mongo.bson.Document todo = doc("_id", ids.get(i));
        todo.append("userId", i % 10 == 0 ? "ada" : "bob");
        if (i % 50 == 0) {
          todo.append("outbox", List.of(doc("createdAt", 7)));
        }
        todos.addDocument(todo);
      }

      assertThat(todos.candidates(doc("$and", List.of(doc("_id", ids.get(3)), doc("a", 1)))))
          .containsExactly(ids.get(3));
      assertThat(todos.candidates(doc("userId", "ada")))
          .containsExactly(IntStream.range(0, 10).mapToObj(i -> ids.get(10 * i)).toArray());
      assertThat(todos.candidates(doc("userId", "ada").append("_id", doc("$gt", ids.get(70)))))
          .containsExactly(ids.get(80), ids.get(90));
      assertThat(todos.candidates(doc("outbox.createdAt", doc("$lt", 9))))
          .containsExactly(ids.get(0), ids.get(50));
      assertThat(todos.candidates(doc("outbox.createdAt", doc("$ne", 9)))).isNull();
      assertThat(todos.candidates(doc("title", "tea"))).isNull();
    }
  }

  @Test
  void aCollectionThatIsOlderThanItsIndexesIsIndexedWhenItIsOpened() {
    try (MVStore store = MVStore.open(null)) {
      de.bwaldvogel.mongo.bson.ObjectId id = new de.bwaldvogel.mongo.bson.ObjectId();
      DocumentCollection older =
          (DocumentCollection) DocumentDatabase.open("todoapp", store, new CursorRegistry())
              .createCollectionOrThrowIfExists("todos");
      older.addDocument(doc("_id", id).append("userId", "ada"));
      store.openMap("meta.todoapp.todos").remove("indexed");
      store.openMap("meta.todoapp.todos#owners").clear();
      assertThat(older.candidates(doc("userId", "ada"))).isEmpty();

      DocumentCollection todos =
          (DocumentCollection) DocumentDatabase.open("todoapp", store, new CursorRegistry())
              .resolveCollection("todos", true);

      assertThat(todos.candidates(doc("userId", "ada"))).containsExactly(id);
    }
  }

  @Test
  void documentsOfAnOlderVersionAreIndexedAtReopening() {
    try (MVStore store = MVStore.open(null)) {
      de.bwaldvogel.mongo.bson.ObjectId first = new de.bwaldvogel.mongo.bson.ObjectId();
      de.bwaldvogel.mongo.bson.ObjectId second = new de.bwaldvogel.mongo.bson.ObjectId();
      make(store).addDocument(doc("_id", first).append("userId", "ada"));
      new H2Database("todoapp", store, new CursorRegistry())
          .resolveCollection("todos", true)
          .addDocument(doc("_id", second).append("userId", "ada"));

      DocumentCollection again = openAgain(store);

      assertThat(again.candidates(doc("userId", "ada"))).containsExactlyInAnyOrder(first, second);
    }
  }

  @Test
  void indexesThatKnowWhatWasAddedChangedAndRemovedAreNotMadeAgain() {
    try (MVStore store = MVStore.open(null)) {
      de.bwaldvogel.mongo.bson.ObjectId id = new de.bwaldvogel.mongo.bson.ObjectId();
      de.bwaldvogel.mongo.bson.Document todo = doc("_id", id).append("userId", "ada");
      de.bwaldvogel.mongo.bson.Document gone = doc("_id", "gone").append("userId", "ada");
      DocumentCollection todos = make(store);
      todos.addDocument(todo);
      todos.addDocument(gone);
      todos.removeDocument(gone);
      todos.handleUpdate(id, todo, todo.cloneDeeply().append("outbox", List.of(doc("a", 1))));
      MVMap<String, Boolean> owners = store.openMap("meta.todoapp.todos#owners");
      owners.remove(owners.firstKey());
      owners.put("as many as before", true);

      DocumentCollection again = openAgain(store);

      assertThat(again.candidates(doc("userId", "ada"))).isEmpty();
    }
  }

  private static DocumentCollection make(MVStore store) {
    return (DocumentCollection) DocumentDatabase.open("todoapp", store, new CursorRegistry())
        .createCollectionOrThrowIfExists("todos");
  }

  private static DocumentCollection openAgain(MVStore store) {
    return (DocumentCollection) DocumentDatabase.open("todoapp", store, new CursorRegistry())
        .resolveCollection("todos", true);
  }

  private static de.bwaldvogel.mongo.bson.Document doc(String field, Object value) {
    return new de.bwaldvogel.mongo.bson.Document(field, value);
  }

  private void change(MongoCollection<Document> todos) {
    List<ObjectId> ids = new ArrayList<>(expected.keySet());
    if (ids.isEmpty() || random.nextInt(3) > 0) {
      Document todo = new Document("_id", new ObjectId()).append("userId", owner());
      if (random.nextBoolean()) {
        todo.append("outbox", List.of(owed("first"), owed("second")));
      }
      todos.insertOne(todo);
      expected.put(todo.getObjectId("_id"), todo);
      return;
    }
    ObjectId id = ids.get(random.nextInt(ids.size()));
    Document todo = expected.get(id);
    switch (random.nextInt(4)) {
      case 0 -> {
        todos.deleteOne(Filters.eq(id));
        expected.remove(id);
      }
      case 1 -> {
        Object owner = owner();
        todos.updateOne(Filters.eq(id), Updates.set("userId", owner));
        todo.put("userId", owner);
      }
      case 2 -> {
        todos.updateOne(Filters.and(Filters.eq(id)), Updates.unset("outbox"));
        todo.remove("outbox");
      }
      default -> {
        List<Document> outbox = List.of(owed("third"));
        todos.updateOne(Filters.eq(id), Updates.set("outbox", outbox));
        todo.put("outbox", outbox);
      }
    }
  }

  private void compare(MongoCollection<Document> todos) {
    List<ObjectId> ids = new ArrayList<>(expected.keySet());
    ObjectId pivot = ids.get(random.nextInt(ids.size()));
    Object owner = owner();
    Object other = owner();
    Date before = new Date(random.nextInt(1000));
    Predicate<Document> after = todo -> todo.getObjectId("_id").compareTo(pivot) > 0;
    same(
        todos,
        Filters.and(Filters.eq("userId", owner), Filters.gt("_id", pivot)),
        after.and(todo -> todo.get("userId").equals(owner)));
    same(
        todos,
        Filters.and(Filters.in("userId", owner, other), Filters.gt("_id", pivot)),
        after.and(todo -> todo.get("userId").equals(owner) || todo.get("userId").equals(other)));
    same(
        todos,
        Filters.and(Filters.lt("outbox.createdAt", before), Filters.gt("_id", pivot)),
        after.and(todo -> todo.getList("outbox", Document.class, List.of()).stream()
            .anyMatch(entry -> entry.getDate("createdAt").before(before))));
    same(
        todos,
        Filters.and(Filters.eq(pivot), Filters.eq("userId", owner)),
        todo -> todo.getObjectId("_id").equals(pivot) && todo.get("userId").equals(owner));
    same(todos, Filters.exists("outbox", false), todo -> !todo.containsKey("outbox"));
  }

  private void same(MongoCollection<Document> todos, Bson query, Predicate<Document> matches) {
    int limit = 1 + random.nextInt(20);
    List<ObjectId> found = todos
        .find(query)
        .sort(Sorts.ascending("_id"))
        .limit(limit)
        .map(todo -> todo.getObjectId("_id"))
        .into(new ArrayList<>());

    assertThat(found)
        .as("seed %d: %s", SEED, query)
        .containsExactlyElementsOf(expected.values().stream()
            .filter(matches)
            .limit(limit)
            .map(todo -> todo.getObjectId("_id"))
            .toList());
  }

  private Object owner() {
    return OWNERS.get(random.nextInt(OWNERS.size()));
  }

  private Document owed(String job) {
    return new Document("jobId", job).append("createdAt", new Date(random.nextInt(1000)));
  }
}
