package io.github.scalingtoolkit.todo.mongo;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.mongodb.ConnectionString;
import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoClients;
import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.todo.domain.TodoStore;
import io.github.scalingtoolkit.todo.domain.TodoStoreContract;
import java.util.UUID;
import org.bson.Document;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;

/** The contract on a server of the user's, in a database of its own that is dropped afterwards. */
class NamedMongoTodoStoreTest extends TodoStoreContract {
  private static final String DATABASE =
      "toolkit_test_" + UUID.randomUUID().toString().substring(0, 8);

  private static MongoClient client;
  private static String uri;
  private MongoTodoStore store;

  @BeforeAll
  static void findServer() {
    String named = System.getenv("TODO_MONGO_URI");
    assumeTrue(
        named != null && !named.isBlank(),
        "NOT RUN: the store on a real MongoDB: TODO_MONGO_URI names none");
    client = MongoClients.create(named);
    uri = withDatabase(named);
  }

  @AfterAll
  static void dropDatabase() {
    if (client != null) {
      client.getDatabase(DATABASE).drop();
      client.close();
    }
  }

  @Override
  protected TodoStore emptyStore(Clock clock) {
    client.getDatabase(DATABASE).getCollection("todos").deleteMany(new Document());
    store = MongoTodoStore.openWithoutThread(MongoSettings.of(uri), clock);
    store.doUpkeep();
    return store;
  }

  @AfterEach
  void closeStore() {
    store.close();
  }

  private static String withDatabase(String named) {
    String database = new ConnectionString(named).getDatabase();
    int query = named.indexOf('?');
    String options = query < 0 ? "" : named.substring(query);
    String base = query < 0 ? named : named.substring(0, query);
    if (database != null) {
      // A login by the URI's database still works.
      options += (options.isEmpty() ? "?" : "&")
          + (named.contains("authSource=") || !named.contains("@") ? "" : "authSource=" + database);
      base = base.substring(0, base.length() - database.length());
    } else if (!base.endsWith("/")) {
      base += "/";
    }
    return base + DATABASE + (options.equals("?") ? "" : options);
  }
}
