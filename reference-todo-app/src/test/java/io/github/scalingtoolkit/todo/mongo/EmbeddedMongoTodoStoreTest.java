package io.github.scalingtoolkit.todo.mongo;

import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.todo.domain.TodoStore;
import io.github.scalingtoolkit.todo.domain.TodoStoreContract;
import org.bson.Document;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;

class EmbeddedMongoTodoStoreTest extends TodoStoreContract {
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

  @Override
  protected TodoStore emptyStore(Clock clock) {
    server.todos().deleteMany(new Document());
    store = MongoTodoStore.openWithoutThread(MongoSettings.of(server.uri()), clock);
    store.doUpkeep();
    return store;
  }

  @AfterEach
  void closeStore() {
    store.close();
  }
}
