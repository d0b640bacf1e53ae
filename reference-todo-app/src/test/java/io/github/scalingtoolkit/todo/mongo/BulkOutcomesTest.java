package io.github.scalingtoolkit.todo.mongo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import de.bwaldvogel.mongo.bson.Document;
import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.todo.domain.NewTodo;
import io.github.scalingtoolkit.todo.domain.StoreUnavailableException;
import io.github.scalingtoolkit.todo.domain.StoreUnavailableException.Reason;
import io.github.scalingtoolkit.todo.domain.Title;
import io.github.scalingtoolkit.todo.domain.UserId;
import io.netty.channel.Channel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.h2.mvstore.MVStore;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What creates are told that left together, of which the server had time for a part. */
class BulkOutcomesTest {
  private static final UserId ADA = new UserId("ada");
  private static final int TOGETHER = 4;
  private static final int SHUTTING_DOWN = 11600;

  private final AtomicInteger inserts = new AtomicInteger();
  private final CountDownLatch firstIsUnderWay = new CountDownLatch(1);
  private final List<String> made = new CopyOnWriteArrayList<>();
  private final List<Throwable> failed = new CopyOnWriteArrayList<>();
  private volatile int notServed;
  private MongoServer server;
  private MongoTodoStore store;

  @BeforeEach
  void start() {
    server = new MongoServer(new H2Backend(MVStore.open(null)) {
      @Override
      public Document handleCommand(
          Channel channel, String database, String command, Document query) {
        if (!command.equals("insert")) {
          return super.handleCommand(channel, database, command, query);
        }
        if (inserts.incrementAndGet() > 1) {
          return new Document("ok", 1)
              .append("n", TOGETHER - notServed)
              .append(
                  "writeErrors",
                  IntStream.range(0, notServed)
                      .mapToObj(i -> new Document("index", i)
                          .append("code", SHUTTING_DOWN)
                          .append("errmsg", "interrupted at shutdown"))
                      .toList());
        }
        firstIsUnderWay.countDown();
        Await.until("all others wait", () -> store.waitingCreates() == TOGETHER);
        return super.handleCommand(channel, database, command, query);
      }
    });
    store = MongoTodoStore.openWithoutThread(
        // Callers wait for a fifth of the busy time.
        new MongoSettings(
            WireServer.uri(server.bind().getPort()),
            32,
            Duration.ofSeconds(25),
            Duration.ofMinutes(5)),
        Clock.system());
  }

  @AfterEach
  void stop() {
    store.close();
    server.shutdownNow();
  }

  @Test
  void oneThatTheServerHadNoTimeForFailsAlone() throws Exception {
    notServed = 1;

    createAll();

    assertThat(made).hasSize(1 + TOGETHER - 1);
    assertNotServed(1);
    assertThat(store.guardCounts().window().failed()).isZero();
  }

  @Test
  void aServerThatHadTimeForNoneCountsAsFailed() throws Exception {
    notServed = TOGETHER;

    createAll();

    assertThat(made).hasSize(1);
    assertNotServed(TOGETHER);
    assertThat(store.guardCounts().window().failed()).isOne();
  }

  private void assertNotServed(int count) {
    assertThat(failed)
        .hasSize(count)
        .allSatisfy(failure -> assertThat(failure)
            .isInstanceOfSatisfying(
                StoreUnavailableException.class,
                unavailable -> assertThat(unavailable.reason()).isEqualTo(Reason.UNREACHABLE)));
  }

  private void createAll() throws InterruptedException {
    List<Thread> callers = new ArrayList<>();
    for (int i = 0; i < 1 + TOGETHER; i++) {
      String title = "todo " + i;
      Thread caller = new Thread(() -> {
        Throwable failure =
            catchThrowable(() -> store.create(ADA, new NewTodo(new Title(title), false)));
        if (failure == null) {
          made.add(title);
        } else {
          failed.add(failure);
        }
      });
      callers.add(caller);
      caller.start();
      firstIsUnderWay.await();
    }
    for (Thread caller : callers) {
      caller.join();
    }
  }
}
