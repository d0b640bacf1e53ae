package io.github.scalingtoolkit.todo.mongo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.scalingtoolkit.core.guard.GuardCounts;
import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.core.time.Deadline;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.FaultProxy;
import io.github.scalingtoolkit.todo.domain.NewTodo;
import io.github.scalingtoolkit.todo.domain.StoreUnavailableException;
import io.github.scalingtoolkit.todo.domain.StoreUnavailableException.Reason;
import io.github.scalingtoolkit.todo.domain.Title;
import io.github.scalingtoolkit.todo.domain.Todo;
import io.github.scalingtoolkit.todo.domain.TodoChange;
import io.github.scalingtoolkit.todo.domain.UserId;
import io.github.scalingtoolkit.todo.run.ClosedPort;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.bson.Document;
import org.junit.jupiter.api.Test;

/** Contract §4's row "MongoDB down", and what else can happen between the store and its server. */
class MongoTodoStoreFailureTest {
  /** The contract's 3 s, and what a busy machine may add before a thread that is due gets to run. */
  private static final Duration BOUND = Duration.ofSeconds(8);

  private static final UserId USER = new UserId("user123");
  private static final NewTodo INPUT = new NewTodo(new Title("Buy milk"), false);

  @Test
  void opensWhileMongoIsDownAndMakesIndexesWhenItComesUp() {
    ClosedPort closed = new ClosedPort();
    int port = closed.port();
    try (MongoTodoStore store =
        MongoTodoStore.open(MongoSettings.of(WireServer.uri(port)), Clock.system())) {
      StoreUnavailableException refused = failure(() -> store.listByUser(USER, 10, null));

      closed.close();
      try (WireServer server = WireServer.startOn(port)) {
        Await.until("a create succeeds", () -> succeeds(() -> store.create(USER, INPUT)));
        Await.until(
            "indexes are there",
            () -> indexNames(server).containsAll(List.of("userId_1__id_1", "outbox.createdAt_1")));
      }

      assertThat(refused.reason()).isEqualTo(Reason.UNREACHABLE);
      assertThat(refused).hasMessageContaining("127.0.0.1:" + port + "/todoapp");
      assertThat(refused.retryAfter()).isPositive();
    }
  }

  @Test
  void answersAtOnceOnceMongoIsKnownToBeDown() {
    try (ClosedPort nobody = new ClosedPort();
        MongoTodoStore store = MongoTodoStore.openWithoutThread(
            MongoSettings.of(WireServer.uri(nobody.port()))
                .withOperationTimeout(Duration.ofMillis(200)),
            Clock.system())) {
      for (int i = 0; i < 5; i++) {
        failure(() -> store.create(USER, INPUT));
      }

      long started = System.nanoTime();
      for (int i = 0; i < 2000; i++) {
        StoreUnavailableException refused = failure(() -> store.create(USER, INPUT));
        assertThat(refused.retryAfter()).isPositive();
        assertThat(refused.nothingWasSent()).isTrue();
      }

      // Each would have waited 200 ms: 400 s in all.
      assertThat(Duration.ofNanos(System.nanoTime() - started)).isLessThan(Duration.ofSeconds(20));
    }
  }

  @Test
  void failsWithinTheBoundWhenMongoDiesAndServesWhenItIsBack() {
    WireServer server = WireServer.start();
    try (FaultProxy proxy = FaultProxy.to(server.port());
        MongoTodoStore store =
            MongoTodoStore.open(MongoSettings.of(WireServer.uri(proxy.port())), Clock.system())) {
      store.create(USER, INPUT);

      proxy.cut();
      long started = System.nanoTime();
      StoreUnavailableException refused = failure(() -> store.create(USER, INPUT));
      Duration took = Duration.ofNanos(System.nanoTime() - started);
      failure(() -> store.listByUser(USER, 10, null));
      proxy.heal();
      Await.until("lists again", () -> succeeds(() -> store.listByUser(USER, 10, null)));

      assertThat(refused.reason()).isEqualTo(Reason.UNREACHABLE);
      assertThat(refused.nothingWasSent()).isFalse();
      assertThat(took).isLessThan(BOUND);
    } finally {
      server.close();
    }
  }

  @Test
  void failsWithinTheBoundWhenMongoHangsAndServesWhenItGoesOn() {
    try (WireServer server = WireServer.start();
        FaultProxy proxy = FaultProxy.to(server.port());
        MongoTodoStore store =
            MongoTodoStore.open(MongoSettings.of(WireServer.uri(proxy.port())), Clock.system())) {
      store.create(USER, INPUT);

      proxy.hang();
      List<CompletableFuture<Duration>> callers = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        callers.add(onItsOwnThread(() -> {
          long started = System.nanoTime();
          failure(() -> store.listByUser(USER, 10, null));
          failure(() -> store.create(USER, INPUT));
          return Duration.ofNanos(System.nanoTime() - started);
        }));
      }
      List<Duration> took = callers.stream().map(CompletableFuture::join).toList();
      proxy.heal();
      Await.until("lists again", () -> succeeds(() -> store.listByUser(USER, 10, null)));

      assertThat(took).allSatisfy(two -> assertThat(two).isLessThan(BOUND.multipliedBy(2)));
    }
  }

  @Test
  void connectionsThatAreResetAreReplacedAndWritesGoOn() {
    try (WireServer server = WireServer.start();
        FaultProxy proxy = FaultProxy.to(server.port());
        MongoTodoStore store =
            MongoTodoStore.open(MongoSettings.of(WireServer.uri(proxy.port())), Clock.system())) {
      store.create(USER, INPUT);

      for (int reset = 0; reset < 3; reset++) {
        proxy.resetConnections();
        Await.until("it creates again", () -> succeeds(() -> store.create(USER, INPUT)));
      }

      // What the last reset broke may have opened the breaker after that create.
      Await.until(
          "it lists what it created",
          () -> succeeds(() -> assertThat(store.listByUser(USER, 100, null).todos())
              .hasSizeGreaterThanOrEqualTo(4)));
    }
  }

  @Test
  void boundsAServerThatAnswersSlowly() {
    try (WireServer server = WireServer.start();
        FaultProxy proxy = FaultProxy.to(server.port());
        MongoTodoStore store = MongoTodoStore.openWithoutThread(
            MongoSettings.of(WireServer.uri(proxy.port())), Clock.system())) {
      proxy.delay(Duration.ofMillis(1500));

      long started = System.nanoTime();
      // Finding the server, opening a connection and the insert take 1.5 s each.
      assertThat(catchThrowable(() -> store.create(USER, INPUT)))
          .isInstanceOf(StoreUnavailableException.class);

      assertThat(Duration.ofNanos(System.nanoTime() - started)).isLessThan(BOUND);
    }
  }

  @Test
  void theCommandsOfOneOperationShareItsTime() {
    try (WireServer server = WireServer.start();
        FaultProxy proxy = FaultProxy.to(server.port());
        MongoTodoStore store = MongoTodoStore.openWithoutThread(
            MongoSettings.of(WireServer.uri(proxy.port())), Clock.system())) {
      Todo todo = store.create(USER, INPUT);
      proxy.delay(Duration.ofMillis(1200));

      StoreUnavailableException failure = failure(() ->
          store.change(USER, todo.id(), new TodoChange(null, true, null, false), todo::equals));

      assertThat(failure.reason()).isEqualTo(Reason.UNREACHABLE);
    }
  }

  @Test
  void aCallerWithLittleTimeWaitsNoLongerAndBlamesNoServer() {
    try (WireServer server = WireServer.start();
        FaultProxy proxy = FaultProxy.to(server.port());
        MongoTodoStore store = MongoTodoStore.openWithoutThread(
            MongoSettings.of(WireServer.uri(proxy.port()))
                .withOperationTimeout(Duration.ofMinutes(1)),
            Clock.system())) {
      store.create(USER, INPUT);
      proxy.hang();

      Deadline.after(Duration.ofMillis(300), Clock.system())
          .run(() -> assertThat(failure(() -> store.listByUser(USER, 10, null)).reason())
              .isEqualTo(Reason.CUT_SHORT));

      assertThat(store.guardCounts().window().failed()).isZero();
      Deadline.after(Duration.ZERO, Clock.system())
          .run(() -> assertThat(failure(() -> store.create(USER, INPUT)).nothingWasSent())
              .isTrue());
    }
  }

  @Test
  void aCreateWhoseReplyIsLostIsSentAgainAndNotDoubled() {
    try (WireServer server = WireServer.start();
        FaultProxy proxy = FaultProxy.to(server.port());
        MongoTodoStore store = MongoTodoStore.openWithoutThread(
            MongoSettings.of(WireServer.uri(proxy.port()))
                .withOperationTimeout(Duration.ofSeconds(25)),
            Clock.system())) {
      store.create(USER, INPUT);
      server.todos().deleteMany(new Document());

      proxy.dropReplies();
      CompletableFuture<Todo> caller = onItsOwnThread(() -> store.create(USER, INPUT));
      Await.until(
          "the first try has lost its reply",
          () -> store.guardCounts().retries().retries() == 1 || caller.isDone());
      // At once: the second try waits for the server a second or two.
      proxy.heal();
      assumeTrue(
          store.guardCounts().retries().retries() == 1,
          "NOT RUN: the driver missed a heartbeat before it had sent the create");
      Todo made = caller.join();

      assertThat(store.listByUser(USER, 10, null).todos()).containsExactly(made);
      assertThat(server.todos().countDocuments()).isEqualTo(1);
      assertThat(store.guardCounts().retries().successfulWithRetry()).isEqualTo(1);
      assertThat(store.guardCounts().window().failed()).isZero();
    }
  }

  @Test
  void anOperationWaitsForAConnectionThatAnotherUses() {
    try (WireServer server = WireServer.start();
        FaultProxy proxy = FaultProxy.to(server.port());
        MongoTodoStore store = MongoTodoStore.openWithoutThread(
            new MongoSettings(
                WireServer.uri(proxy.port()), 1, Duration.ofSeconds(25), Duration.ofSeconds(25)),
            Clock.system())) {
      store.create(USER, INPUT);
      proxy.hang();
      CompletableFuture<Todo> slow = onItsOwnThread(() -> store.create(USER, INPUT));
      Await.until("it is under way", () -> places(store).available() == 0);
      CompletableFuture<Integer> waiting =
          onItsOwnThread(() -> store.listByUser(USER, 10, null).todos().size());
      Await.until("another waits", () -> places(store).waiting() == 1);

      proxy.heal();

      assertThat(slow.join().title()).isEqualTo("Buy milk");
      assertThat(waiting.join()).isEqualTo(2);
    }
  }

  private static GuardCounts.Bulkhead places(MongoTodoStore store) {
    return Objects.requireNonNull(store.guardCounts().bulkhead());
  }

  @Test
  void saysWhenAllConnectionsAreInUse() {
    try (WireServer server = WireServer.start();
        FaultProxy proxy = FaultProxy.to(server.port());
        MongoTodoStore store = MongoTodoStore.openWithoutThread(
            new MongoSettings(
                WireServer.uri(proxy.port()), 1, Duration.ofSeconds(25), Duration.ofMillis(50)),
            Clock.system())) {
      store.create(USER, INPUT);
      SimpleMeterRegistry registry = new SimpleMeterRegistry();
      store.bindTo(registry);
      Gauge busy =
          registry.get("toolkit.todo.store.connections").tag("state", "busy").gauge();
      proxy.hang();
      CompletableFuture<Todo> slow = onItsOwnThread(() -> store.create(USER, INPUT));

      Await.until("the connection is in use", () -> busy.value() == 1);
      StoreUnavailableException refused = failure(() -> store.listByUser(USER, 10, null));
      proxy.heal();

      assertThat(refused.reason()).isEqualTo(Reason.BUSY);
      assertThat(refused).hasMessageContaining("MONGO_POOL_SIZE");
      assertThat(slow.join().title()).isEqualTo("Buy milk");
    }
  }

  @Test
  void namesWrongCredentialsAndNoSecret() {
    try (WireServer server = WireServer.start();
        MongoTodoStore store = MongoTodoStore.openWithoutThread(
            MongoSettings.of("mongodb://alice:s3cr3t@127.0.0.1:" + server.port() + "/todoapp"),
            Clock.system())) {
      StoreUnavailableException refused = failure(() -> store.listByUser(USER, 10, null));

      assertThat(refused.reason()).isEqualTo(Reason.CREDENTIALS);
      assertThat(refused)
          .hasMessageContaining("MONGO_URI")
          .hasMessageContaining("authSource")
          .hasMessageNotContaining("s3cr3t")
          .hasMessageNotContaining("alice")
          .hasNoCause();
    }
  }

  @Test
  void refusesUrisThatCannotWorkWithoutQuotingThem() {
    assertThatThrownBy(() -> MongoSettings.of("mongodb://alice:p@ss:word@host/todoapp"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("MONGO_URI cannot be used")
        .hasMessageNotContaining("ss:word");
    assertThatThrownBy(() -> MongoSettings.of("redis://localhost"))
        .hasMessageContaining("mongodb://");
    assertThatThrownBy(() -> MongoSettings.of("mongodb://localhost/?w=0"))
        .hasMessageContaining("w=0");
    assertThat(MongoSettings.of("mongodb://alice:s3cr3t@db:27018/?authSource=admin"))
        .hasToString("MongoSettings[db:27018/todoapp, poolSize=32, operationTimeout=PT2S,"
            + " busyTimeout=PT0.5S]");
  }

  @Test
  void saysThatItIsClosed() {
    try (WireServer server = WireServer.start()) {
      MongoTodoStore store =
          MongoTodoStore.openWithoutThread(MongoSettings.of(server.uri()), Clock.system());
      store.close();

      assertThat(failure(() -> store.create(USER, INPUT)).reason()).isEqualTo(Reason.CLOSED);
      assertThat(store.doUpkeep()).isZero();
    }
  }

  @Test
  void saysThatItIsClosedThoughMongoWasDownToo() {
    try (ClosedPort nobody = new ClosedPort()) {
      MongoTodoStore store = MongoTodoStore.openWithoutThread(
          MongoSettings.of(WireServer.uri(nobody.port()))
              .withOperationTimeout(Duration.ofMillis(20)),
          Clock.system());
      for (int i = 0; i < 5; i++) {
        failure(() -> store.create(USER, INPUT));
      }
      assertThat(failure(() -> store.create(USER, INPUT)).nothingWasSent()).isTrue();

      store.close();

      assertThat(failure(() -> store.create(USER, INPUT)).reason()).isEqualTo(Reason.CLOSED);
    }
  }

  private static StoreUnavailableException failure(Runnable call) {
    StoreUnavailableException failure =
        catchThrowableOfType(StoreUnavailableException.class, call::run);
    assertThat(failure).isNotNull();
    return failure;
  }

  private static boolean succeeds(Runnable call) {
    try {
      call.run();
      return true;
    } catch (StoreUnavailableException e) {
      return false;
    }
  }

  private static List<String> indexNames(WireServer server) {
    List<String> names = new ArrayList<>();
    server.todos().listIndexes().forEach(index -> names.add(index.getString("name")));
    return names;
  }

  /** Not on the common pool: on two cores it has one thread since JDK 25, and callers that wait would keep it. */
  private static <T> CompletableFuture<T> onItsOwnThread(Supplier<T> call) {
    return CompletableFuture.supplyAsync(call, task -> {
      Thread thread = new Thread(task, "caller");
      thread.setDaemon(true);
      thread.start();
    });
  }
}
