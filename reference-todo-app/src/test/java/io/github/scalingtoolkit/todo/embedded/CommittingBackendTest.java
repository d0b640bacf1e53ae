package io.github.scalingtoolkit.todo.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import de.bwaldvogel.mongo.bson.Document;
import io.netty.channel.Channel;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.List;
import org.h2.mvstore.MVStore;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class CommittingBackendTest {
  private final MVStore store = MVStore.open(null);
  private final Channel channel = new EmbeddedChannel();
  private boolean diskFull;
  private final CommittingBackend backend = new CommittingBackend(store, new GroupCommit(() -> {
    if (diskFull) {
      throw new IllegalStateException("no space left");
    }
  }));

  @AfterEach
  void close() {
    channel.close();
    store.close();
  }

  @Test
  void afterAFailedCommitEvenAPingIsToldThatTheServerIsGoingAway() {
    assertThat(ok(run("ping"))).isTrue();
    assertThat(ok(insert())).isTrue();
    diskFull = true;

    Document refused = insert();
    diskFull = false;

    assertThat(refused.get("code")).isEqualTo(91);
    assertThat(run("ping").get("code")).isEqualTo(91);
    assertThat(insert().get("code")).isEqualTo(91);
    assertThat(ok(run("ismaster"))).isTrue();
  }

  private Document insert() {
    return backend.handleCommand(
        channel,
        "tutorial",
        "insert",
        new Document("insert", "todos").append("documents", List.of(new Document("a", 1))));
  }

  private Document run(String command) {
    return backend.handleCommand(channel, "admin", command, new Document(command, 1));
  }

  private static boolean ok(Document reply) {
    return ((Number) reply.get("ok")).intValue() == 1;
  }
}
