package io.github.scalingtoolkit.todo.mongo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import de.bwaldvogel.mongo.bson.Document;
import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.todo.domain.JobId;
import io.github.scalingtoolkit.todo.domain.StoreException;
import io.github.scalingtoolkit.todo.domain.StoreUnavailableException;
import io.github.scalingtoolkit.todo.domain.StoreUnavailableException.Reason;
import io.github.scalingtoolkit.todo.domain.TodoId;
import io.netty.channel.Channel;
import java.util.List;
import org.h2.mvstore.MVStore;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a server says that does not take out all of the entries it was asked to, and what the service makes of it. */
class RefusedRemovalsTest {
  private static final String QUOTED = "quotes a document";
  private static final List<JobId> JOBS =
      List.of(JobId.of(new TodoId("a".repeat(24))), JobId.of(new TodoId("b".repeat(24))));

  private volatile Document answer = new Document();
  private MongoServer server;
  private MongoTodoStore store;

  @BeforeEach
  void start() {
    server = new MongoServer(new H2Backend(MVStore.open(null)) {
      @Override
      public Document handleCommand(
          Channel channel, String database, String command, Document query) {
        return command.equals("update")
            ? answer
            : super.handleCommand(channel, database, command, query);
      }
    });
    int port = server.bind().getPort();
    store = MongoTodoStore.openWithoutThread(
        MongoSettings.of("mongodb://127.0.0.1:" + port), Clock.system());
  }

  @AfterEach
  void stop() {
    store.close();
    server.shutdownNow();
  }

  @Test
  void aMajorityThatHasNotConfirmedInTimePasses() {
    answer = updated(2)
        .append(
            "writeConcernError",
            new Document("code", 64)
                .append("codeName", "WriteConcernTimeout")
                .append("errmsg", QUOTED));

    Throwable failure = catchThrowable(() -> store.removeOutboxEntries(JOBS));

    assertThat(failure).isInstanceOfSatisfying(StoreUnavailableException.class, unavailable -> {
      assertThat(unavailable.reason()).isEqualTo(Reason.UNREACHABLE);
      assertThat(unavailable).hasMessageContaining("code 64").hasMessageNotContaining(QUOTED);
    });
  }

  @Test
  void aServerThatIsShuttingDownPassesThoughItHasDoneAPart() {
    answer = updated(1).append("writeErrors", List.of(error(1, 11600)));

    Throwable failure = catchThrowable(() -> store.removeOutboxEntries(JOBS));

    assertThat(failure).isInstanceOfSatisfying(StoreUnavailableException.class, unavailable -> {
      assertThat(unavailable.reason()).isEqualTo(Reason.UNREACHABLE);
      assertThat(unavailable).hasMessageContaining("code 11600").hasMessageNotContaining(QUOTED);
    });
  }

  @Test
  void aDocumentThatDoesNotFitIsNoOutage() {
    answer = updated(1).append("writeErrors", List.of(error(0, 2)));

    Throwable failure = catchThrowable(() -> store.removeOutboxEntries(JOBS));

    assertThat(failure)
        .isExactlyInstanceOf(StoreException.class)
        .hasMessageContaining("code 2")
        .hasMessageNotContaining(QUOTED);
  }

  private static Document updated(int count) {
    return new Document("ok", 1).append("n", count).append("nModified", count);
  }

  private static Document error(int index, int code) {
    return new Document("index", index).append("code", code).append("errmsg", QUOTED);
  }
}
