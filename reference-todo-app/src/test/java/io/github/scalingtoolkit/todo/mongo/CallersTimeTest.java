package io.github.scalingtoolkit.todo.mongo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import de.bwaldvogel.mongo.bson.Document;
import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.core.time.Deadline;
import io.github.scalingtoolkit.todo.domain.StoreUnavailableException;
import io.github.scalingtoolkit.todo.domain.StoreUnavailableException.Reason;
import io.github.scalingtoolkit.todo.domain.UserId;
import io.netty.channel.Channel;
import java.time.Duration;
import org.h2.mvstore.MVStore;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A time-out counts against the server if it had an operation's time, however much is left when it says so. */
class CallersTimeTest {
  private static final UserId ADA = new UserId("ada");
  private static final Duration OPERATION = Duration.ofMinutes(4);

  private MongoServer server;
  private MongoTodoStore store;
  private volatile int code = 50;

  @BeforeEach
  void start() {
    server = new MongoServer(new H2Backend(MVStore.open(null)) {
      @Override
      public Document handleCommand(
          Channel channel, String database, String command, Document query) {
        return command.equals("find")
            ? new Document("ok", 0).append("code", code).append("errmsg", "too late")
            : super.handleCommand(channel, database, command, query);
      }
    });
    int port = server.bind().getPort();
    store = MongoTodoStore.openWithoutThread(
        MongoSettings.of("mongodb://127.0.0.1:" + port).withOperationTimeout(OPERATION),
        Clock.system());
  }

  @AfterEach
  void stop() {
    store.close();
    server.shutdownNow();
  }

  @Test
  void aTimeOutOfACallerWithLittleTimeIsTheCallersOwn() {
    StoreUnavailableException failure = listWithin(OPERATION.dividedBy(2).minusSeconds(1));

    assertThat(failure.reason()).isEqualTo(Reason.CUT_SHORT);
    assertThat(failure.nothingWasSent()).isFalse();
    assertThat(failure).hasMessageContaining("little time").hasMessageContaining("Timeout");
    assertThat(store.guardCounts().window().failed()).isZero();
  }

  @Test
  void aTimeOutOfACallerWithMostOfItsTimeCounts() {
    StoreUnavailableException failure = listWithin(OPERATION.dividedBy(2).plusMinutes(1));

    assertThat(failure.reason()).isEqualTo(Reason.UNREACHABLE);
    assertThat(store.guardCounts().window().failed()).isOne();
  }

  @Test
  void anotherFailureCountsHoweverLittleTimeItsCallerHas() {
    code = 133;

    StoreUnavailableException failure = listWithin(OPERATION.dividedBy(2).minusSeconds(1));

    assertThat(failure.reason()).isEqualTo(Reason.UNREACHABLE);
    assertThat(store.guardCounts().window().failed()).isOne();
  }

  private StoreUnavailableException listWithin(Duration time) {
    return Deadline.after(time, Clock.system())
        .<StoreUnavailableException, RuntimeException>call(() -> catchThrowableOfType(
            StoreUnavailableException.class, () -> store.listByUser(ADA, 10, null)));
  }
}
