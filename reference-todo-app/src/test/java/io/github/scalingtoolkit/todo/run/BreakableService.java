package io.github.scalingtoolkit.todo.run;

import static io.github.scalingtoolkit.todo.run.TodoClient.header;
import static io.github.scalingtoolkit.todo.run.TodoClient.json;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.FaultProxy;
import io.github.scalingtoolkit.testing.RedisServer;
import io.github.scalingtoolkit.todo.run.TodoApp.Sweeping;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.function.Supplier;

/** The service in apps of this process, on stores that tests break and mend. */
final class BreakableService implements AutoCloseable {
  /** The contract's. The store itself gives up after 2.5 s at most. */
  static final Duration STORE_BOUND = Duration.ofSeconds(3);

  private static final Sweeping EAGER =
      new Sweeping(Duration.ofMillis(300), Duration.ofMillis(300));

  private final Deque<TodoApp> apps = new ConcurrentLinkedDeque<>();
  private final Deque<FaultProxy> proxies = new ConcurrentLinkedDeque<>();
  private final TestStores stores;

  private BreakableService(TestStores stores) {
    this.stores = stores;
  }

  /** Starts the stores. */
  static BreakableService start(Path directory) {
    return new BreakableService(TestStores.start(directory));
  }

  TestStores stores() {
    return stores;
  }

  RedisServer redis() {
    return stores.redis();
  }

  /** Starts an app; {@code settings} are keys and values in turn. */
  TodoApp run(Role role, String... settings) {
    TodoApp app = new TodoApp(stores.settings(settings), role, EAGER);
    app.start();
    apps.push(app);
    return app;
  }

  /** As {@link #run(Role, String...)}, with the sweeps of production. */
  TodoApp runAsInProduction(Role role, String... settings) {
    TodoApp app = new TodoApp(stores.settings(settings), role);
    app.start();
    apps.push(app);
    return app;
  }

  /** As {@link #run(Role, String...)}, with {@code mongo} before MongoDB. */
  TodoApp runBehind(FaultProxy mongo, Role role, String... settings) {
    List<String> all =
        new ArrayList<>(List.of("MONGO_URI", "mongodb://127.0.0.1:" + mongo.port() + "/todoapp"));
    all.addAll(List.of(settings));
    return run(role, all.toArray(String[]::new));
  }

  FaultProxy proxyTo(int port) {
    FaultProxy proxy = FaultProxy.to(port);
    proxies.push(proxy);
    return proxy;
  }

  @Override
  public void close() {
    apps.forEach(TodoApp::stop);
    proxies.forEach(FaultProxy::close);
    stores.close();
  }

  static void awaitReady(TodoApp app, int code, String status) {
    TodoClient admin = TodoClient.anonymous(app.adminPort());
    Await.until("/readyz says " + status, () -> {
      HttpResponse<String> answer = admin.get("/readyz");
      return answer.statusCode() == code
          && json(answer).get("status").textValue().equals(status);
    });
  }

  void awaitDelivered(Set<String> todos) {
    Await.until(
        "notifications are delivered",
        () -> Set.copyOf(Notified.todos(stores.notifications())).containsAll(todos));
  }

  static String id(HttpResponse<String> created) {
    assertThat(created.statusCode()).isEqualTo(201);
    return json(created).get("_id").textValue();
  }

  static String state(TodoClient user, String job) {
    HttpResponse<String> answer = user.get(job);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return json(answer).get("state").textValue();
  }

  static void assertUnavailable(Supplier<HttpResponse<String>> request) {
    long started = System.nanoTime();
    HttpResponse<String> answer = request.get();
    assertThat(System.nanoTime() - started).isLessThan(STORE_BOUND.toNanos());
    assertThat(answer.statusCode()).isEqualTo(503);
    assertThat(Integer.parseInt(header(answer, "Retry-After"))).isPositive();
    assertThat(header(answer, "Content-Type")).startsWith("application/problem+json");
    assertThat(answer.body()).doesNotContain("mongodb", "127.0.0.1", "Exception");
  }
}
