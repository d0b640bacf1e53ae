package io.github.scalingtoolkit.todo.mongo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoClients;
import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.IndexOptions;
import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.core.time.Deadline;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.FaultProxy;
import io.github.scalingtoolkit.todo.domain.NewTodo;
import io.github.scalingtoolkit.todo.domain.StoreException;
import io.github.scalingtoolkit.todo.domain.StoreUnavailableException;
import io.github.scalingtoolkit.todo.domain.StoreUnavailableException.Reason;
import io.github.scalingtoolkit.todo.domain.Title;
import io.github.scalingtoolkit.todo.domain.Todo;
import io.github.scalingtoolkit.todo.domain.UserId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;
import org.bson.Document;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Creates that come while one is under way: few inserts, and each caller has its own outcome. */
class CreatesTogetherTest {
  private static final UserId ADA = new UserId("ada");
  private static final int CALLERS = 64;
  private static final int HELD = 1;
  private static final int BULK = 2;
  private static final int SECOND_TRY = 3;

  private final AtomicInteger inserts = new AtomicInteger();
  private final Map<String, Todo> made = new ConcurrentHashMap<>();
  private final Map<String, Throwable> failed = new ConcurrentHashMap<>();
  private Duration withinEach = Duration.ofHours(1);
  private WatchedServer server;
  private FaultProxy proxy;
  private MongoClient client;
  private MongoTodoStore store;

  @BeforeEach
  void open() {
    server = new WatchedServer();
    proxy = FaultProxy.to(server.port());
    client = MongoClients.create(server.uri());
    store = MongoTodoStore.openWithoutThread(
        // Callers wait for a fifth of the busy time.
        new MongoSettings(
            WireServer.uri(proxy.port()), 32, Duration.ofSeconds(25), Duration.ofMinutes(5)),
        Clock.system());
  }

  @AfterEach
  void close() {
    store.close();
    client.close();
    proxy.close();
    server.close();
  }

  @Test
  void manyCreatesAtATimeAreFewInserts() throws Exception {
    createAll(insert -> {});

    assertThat(inserts).hasValue(2);
    assertThat(made).hasSize(CALLERS);
    assertThat(store.listByUser(ADA, 1000, null).todos())
        .containsExactlyInAnyOrderElementsOf(made.values());
    assertThat(store.findOutboxOlderThan(Duration.ofSeconds(-1), 1000, null).entries())
        .hasSize(CALLERS);
  }

  @Test
  void theyShareThoughTheyHaveLessTimeThanAnInsertMayTake() throws Exception {
    // More than they wait and an insert takes as a rule, less than it may take.
    withinEach = Duration.ofMinutes(2);

    createAll(insert -> {});

    assertThat(inserts).hasValue(2);
    assertThat(made).hasSize(CALLERS);
  }

  @Test
  void oneThatTheServerRefusesFailsAlone() throws Exception {
    todos().createIndex(new Document("title", 1), new IndexOptions().unique(true));
    todos().insertOne(new Document("title", "todo 7"));

    createAll(insert -> {});

    assertThat(failed).containsOnlyKeys("todo 7");
    assertThat(failed.get("todo 7"))
        .isExactlyInstanceOf(StoreException.class)
        .hasMessageContaining("code 11000");
    assertThat(store.listByUser(ADA, 1000, null).todos())
        .hasSize(CALLERS - 1)
        .containsExactlyInAnyOrderElementsOf(made.values());
    assertThat(store.guardCounts().window().failed()).isZero();
  }

  @Test
  void aConnectionCutInTheMiddleLosesNoneAndDoublesNone() throws Exception {
    createAll(insert -> {
      if (insert == BULK) {
        proxy.resetConnections();
      }
    });

    assertThat(inserts).hasValue(SECOND_TRY);
    assertThat(failed).isEmpty();
    assertThat(store.listByUser(ADA, 1000, null).todos())
        .hasSize(CALLERS)
        .containsExactlyInAnyOrderElementsOf(made.values());
    assertThat(store.guardCounts().retries().successfulWithRetry()).isEqualTo(1);
    assertThat(store.guardCounts().window().failed()).isZero();
  }

  @Test
  void aForeignDuplicateIsRefusedAfterACutConnectionToo() throws Exception {
    todos().createIndex(new Document("title", 1), new IndexOptions().unique(true));
    todos().insertOne(new Document("title", "todo 7"));

    createAll(insert -> {
      if (insert == BULK) {
        proxy.resetConnections();
      }
    });

    assertThat(inserts).hasValue(SECOND_TRY);
    assertThat(failed).containsOnlyKeys("todo 7");
    assertThat(failed.get("todo 7"))
        .isExactlyInstanceOf(StoreException.class)
        .hasMessageContaining("code 11000");
    assertThat(store.listByUser(ADA, 1000, null).todos())
        .hasSize(CALLERS - 1)
        .containsExactlyInAnyOrderElementsOf(made.values());
  }

  @Test
  void aLoneForeignDuplicateIsRefusedAfterACutConnectionToo() {
    todos().createIndex(new Document("title", 1), new IndexOptions().unique(true));
    todos().insertOne(new Document("title", "todo 7"));
    server.watch(step -> {
      if (step.equals("after insert todos") && inserts.incrementAndGet() == 1) {
        proxy.resetConnections();
      }
    });

    Throwable failure =
        catchThrowable(() -> store.create(ADA, new NewTodo(new Title("todo 7"), false)));

    assertThat(inserts).hasValue(2);
    assertThat(failure)
        .isExactlyInstanceOf(StoreException.class)
        .hasMessageContaining("code 11000");
  }

  @Test
  void aConnectionCutTwiceLeavesItsOutcomeUnknownForAllItCarried() throws Exception {
    createAll(insert -> {
      if (insert == BULK || insert == SECOND_TRY) {
        proxy.resetConnections();
      }
    });

    assertThat(made).hasSize(1);
    assertThat(failed).hasSize(CALLERS - 1);
    assertThat(failed.values())
        .allSatisfy(failure -> assertThat(failure)
            .isInstanceOfSatisfying(StoreUnavailableException.class, unknown -> {
              assertThat(unknown.reason()).isEqualTo(Reason.UNREACHABLE);
              assertThat(unknown.nothingWasSent()).isFalse();
            }));
    assertThat(todos().countDocuments()).isEqualTo(CALLERS);
    assertThat(store.guardCounts().window().failed()).isEqualTo(1);
  }

  /** Holds the first insert until all other callers wait; tells of each insert after it, and before its reply. */
  private void createAll(IntConsumer after) throws InterruptedException {
    CountDownLatch held = new CountDownLatch(1);
    server.watch(step -> {
      if (step.equals("before insert todos") && inserts.incrementAndGet() == HELD) {
        held.countDown();
        Await.until("all others wait", () -> store.waitingCreates() == CALLERS - 1);
      } else if (step.equals("after insert todos")) {
        after.accept(inserts.get());
      }
    });
    List<Thread> callers = new ArrayList<>();
    for (int i = 0; i < CALLERS; i++) {
      String title = "todo " + i;
      Thread caller = new Thread(() -> {
        Throwable failure = catchThrowable(() -> Deadline.after(withinEach, Clock.system())
            .run(() -> made.put(title, store.create(ADA, new NewTodo(new Title(title), false)))));
        if (failure != null) {
          failed.put(title, failure);
        }
      });
      callers.add(caller);
      caller.start();
      held.await();
    }
    for (Thread caller : callers) {
      caller.join();
    }
    server.watch(step -> {});
  }

  private MongoCollection<Document> todos() {
    return client.getDatabase("todoapp").getCollection("todos");
  }
}
