package io.github.scalingtoolkit.todo.run;

import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;

/** The whole service in this process, on stores of the tests, with a user per test on request. */
final class TestService implements AutoCloseable {
  private final AtomicInteger users = new AtomicInteger();
  private final TestStores stores;
  private final TodoApp app;

  private TestService(TestStores stores) {
    this.stores = stores;
    app = new TodoApp(stores.settings(), Role.BOTH);
  }

  static TestService start(Path directory) {
    TestService service = new TestService(TestStores.start(directory));
    service.app.start();
    return service;
  }

  TestStores stores() {
    return stores;
  }

  TodoApp app() {
    return app;
  }

  TodoClient anybody() {
    return TodoClient.anonymous(app.port());
  }

  TodoClient newUser() {
    return TodoClient.of(app.port(), newName());
  }

  String newName() {
    return "user-" + users.incrementAndGet();
  }

  @Override
  public void close() {
    app.stop();
    stores.close();
  }
}
