package io.github.scalingtoolkit.todo.mongo;

import static org.assertj.core.api.Assertions.assertThat;

import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import de.bwaldvogel.mongo.bson.Document;
import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.todo.domain.UserId;
import io.github.scalingtoolkit.todo.login.User;
import io.netty.channel.Channel;
import java.util.List;
import java.util.Locale;
import org.h2.mvstore.MVStore;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** An index of another service by which names that differ in case are one: the second of them is taken. */
class UserNamesByCollationTest {
  private static final Document WITHOUT_CASE =
      new Document("locale", "en").append("strength", 2).append("caseFirst", "off");

  private MongoServer server;
  private MongoTodoStore store;
  private volatile Document asked = new Document();

  /** The library knows no collations: here one index has one, as the server that the driver is for lists, keeps and asks it. */
  @BeforeEach
  void start() {
    server = new MongoServer(new H2Backend(MVStore.open(null)) {
      @Override
      public synchronized Document handleCommand(
          Channel channel, String database, String command, Document query) {
        if (command.equals("listIndexes")) {
          return listed(new Document("v", 2)
              .append("key", new Document("username", 1))
              .append("name", "by name")
              .append("unique", true)
              .append("collation", WITHOUT_CASE));
        }
        if (command.equals("insert") && added(query).equals("ADA")) {
          return new Document("ok", 1)
              .append("n", 0)
              .append(
                  "writeErrors",
                  List.of(new Document("index", 0).append("code", 11000).append("errmsg", "")));
        }
        if (command.equals("find") && query.get("collation") instanceof Document by) {
          asked = by;
          Document filter = (Document) query.get("filter");
          filter.put("username", ((String) filter.get("username")).toLowerCase(Locale.ROOT));
        }
        return super.handleCommand(channel, database, command, query);
      }
    });
    int port = server.bind().getPort();
    store = MongoTodoStore.openWithoutThread(
        MongoSettings.of("mongodb://127.0.0.1:" + port), Clock.system());
  }

  private static Document listed(Document index) {
    return new Document("ok", 1)
        .append(
            "cursor",
            new Document("id", 0L).append("ns", "test.users").append("firstBatch", List.of(index)));
  }

  private static String added(Document insert) {
    Document user = (Document) ((List<?>) insert.get("documents")).get(0);
    return (String) user.get("username");
  }

  @AfterEach
  void stop() {
    store.close();
    server.shutdownNow();
  }

  @Test
  void aNameThatTheIndexTakesForAnotherIsTaken() {
    assertThat(store.users().addIfAbsent(user("1", "ada"))).isTrue();

    assertThat(store.users().addIfAbsent(user("2", "ADA"))).isFalse();
    assertThat(asked.entrySet()).containsExactlyInAnyOrderElementsOf(WITHOUT_CASE.entrySet());
    assertThat(store.users().findByUsername("ADA")).isEmpty();
  }

  private static User user(String id, String name) {
    return new User(new UserId(id), name, "$pbkdf2-sha256$i=1$aa$aa");
  }
}
