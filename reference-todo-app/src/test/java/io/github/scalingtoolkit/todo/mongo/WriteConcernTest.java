package io.github.scalingtoolkit.todo.mongo;

import static org.assertj.core.api.Assertions.assertThat;

import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import de.bwaldvogel.mongo.bson.Document;
import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.todo.domain.JobId;
import io.github.scalingtoolkit.todo.domain.NewTodo;
import io.github.scalingtoolkit.todo.domain.Title;
import io.github.scalingtoolkit.todo.domain.Todo;
import io.github.scalingtoolkit.todo.domain.UserId;
import io.netty.channel.Channel;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.h2.mvstore.MVStore;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What every write asks of the server before it counts as kept, as it arrives there. */
class WriteConcernTest {
  private final Map<String, Document> asked = new ConcurrentHashMap<>();
  private MongoServer server;
  private int port;

  @BeforeEach
  void start() {
    server = new MongoServer(new H2Backend(MVStore.open(null)) {
      @Override
      public Document handleCommand(
          Channel channel, String database, String command, Document query) {
        if (query.get("writeConcern") instanceof Document concern) {
          asked.put(database + " " + command, concern);
        }
        return super.handleCommand(channel, database, command, query);
      }
    });
    InetSocketAddress address = server.bind();
    port = address.getPort();
  }

  @AfterEach
  void stop() {
    server.shutdownNow();
  }

  @Test
  void writesAreJournaledByAMajorityAndGoToTodoappByDefault() {
    write("mongodb://127.0.0.1:" + port);

    Document majority = new Document("w", "majority").append("j", true);
    assertThat(asked)
        .containsEntry("todoapp insert", majority)
        .containsEntry("todoapp update", majority);
  }

  @Test
  void theUriDecidesOnBothIfItSaysSo() {
    write("mongodb://127.0.0.1:" + port + "/other?w=1");

    assertThat(asked).containsOnlyKeys("other insert", "other update");
    assertThat(asked.get("other insert").get("w")).isEqualTo(1);
  }

  private static void write(String uri) {
    try (MongoTodoStore store =
        MongoTodoStore.openWithoutThread(MongoSettings.of(uri), Clock.system())) {
      Todo made = store.create(new UserId("user123"), new NewTodo(new Title("Buy milk"), false));
      assertThat(store.removeOutboxEntries(List.of(JobId.of(made.id())))).isEqualTo(1);
    }
  }
}
