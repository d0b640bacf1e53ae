package io.github.scalingtoolkit.todo.mongo;

import static org.assertj.core.api.Assertions.assertThat;

import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoClients;
import com.mongodb.client.MongoCollection;
import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import io.github.scalingtoolkit.core.time.ManualClock;
import io.github.scalingtoolkit.todo.domain.NewTodo;
import io.github.scalingtoolkit.todo.domain.Title;
import io.github.scalingtoolkit.todo.domain.TodoStore;
import io.github.scalingtoolkit.todo.domain.UserId;
import io.netty.channel.Channel;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.bson.Document;
import org.h2.mvstore.MVStore;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Removals of which other processes do a part, or the server refuses one, do the rest. */
class RemovalsBesideOthersTest {
  private static final UserId ADA = new UserId("ada");

  private final ManualClock clock = ManualClock.startingAt(Instant.parse("2026-01-02T03:04:05Z"));
  private final AtomicInteger finds = new AtomicInteger();
  private volatile String refused = "";
  private volatile boolean othersAreFaster;
  private MongoServer server;
  private MongoClient client;
  private MongoTodoStore store;

  @BeforeEach
  void start() {
    server = new MongoServer(new H2Backend(MVStore.open(null)) {
      @Override
      public synchronized de.bwaldvogel.mongo.bson.Document handleCommand(
          Channel channel,
          String database,
          String command,
          de.bwaldvogel.mongo.bson.Document query) {
        String what = command + " " + query.get(command);
        if (what.equals("find todos")) {
          finds.incrementAndGet();
        }
        if (what.equals(refused)) {
          return new de.bwaldvogel.mongo.bson.Document("ok", 0)
              .append("code", 2)
              .append("errmsg", "refused");
        }
        de.bwaldvogel.mongo.bson.Document reply =
            super.handleCommand(channel, database, command, query);
        return what.equals("delete todos") && othersAreFaster
            ? new de.bwaldvogel.mongo.bson.Document("ok", 1).append("n", 0)
            : reply;
      }
    });
    String uri = WireServer.uri(server.bind().getPort());
    client = MongoClients.create(uri);
    store = MongoTodoStore.openWithoutThread(MongoSettings.of(uri), clock);
  }

  @AfterEach
  void stop() {
    store.close();
    client.close();
    server.shutdownNow();
  }

  @Test
  void aProcessGoesOnThoughOthersHaveRemovedWhatItFound() {
    othersAreFaster = true;
    insertStubs(MongoUpkeep.MOST_REMOVED + 1);
    store.doUpkeep();
    clock.advance(Duration.ofMinutes(10));

    store.doUpkeep();
    assertThat(todos().countDocuments()).isOne();
    store.doUpkeep();

    assertThat(todos().countDocuments()).isZero();
  }

  @Test
  void whatIsLeftOfTodosGoesThoughRecordsOfRequestsAreRefused() {
    refused = "find requests";
    insertStubs(3);
    store.doUpkeep();
    clock.advance(Duration.ofMinutes(10));

    store.doUpkeep();

    assertThat(todos().countDocuments()).isZero();
  }

  @Test
  void doneTodosAreDeletedThoughOthersFieldsCannotBeLookedFor() {
    store.create(ADA, new NewTodo(new Title("done"), true));
    refused = "find todos";
    int before = finds.get();

    assertThat(store.deleteCompleted(ADA)).isOne();

    assertThat(finds.get()).isGreaterThan(before);
    refused = "";
    assertThat(store.listByUser(ADA, 10, null).todos()).isEmpty();
  }

  private void insertStubs(int count) {
    Date longAgo = Date.from(clock.now().minus(TodoStore.JOB_LIFE).minusSeconds(1));
    List<Document> stubs = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      stubs.add(new Document("deletedBy", "ada").append("deletedAt", longAgo));
    }
    todos().insertMany(stubs);
  }

  private MongoCollection<Document> todos() {
    return client.getDatabase("todoapp").getCollection("todos");
  }
}
