package io.github.scalingtoolkit.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.RedisServer;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** The example of {@code redis.md}, run; {@link SnippetsTest} holds the page to it. */
class RedisExamplesTest {
  @Test
  void redisShowsAWriteAndARead() {
    AtomicReference<String> read = new AtomicReference<>();
    try (RedisServer server = RedisServer.start()) {
      // A busy machine can need more than the example's 100 ms for a first call.
      Await.until("both calls are served", () -> {
        try {
          read.set(writtenAndRead(server.url()));
          return true;
        } catch (RuntimeException late) {
          return false;
        }
      });

      assertThat(read).hasValue("hello");
    }
  }

  private static String writtenAndRead(String url) {
    // tag::redis[]
    RedisAccess redis =
        RedisAccess.builder(url).deadline(Duration.ofMillis(100)).build();
    redis.call(client -> client.set("greeting", "hello"));
    String read = redis.callIdempotent(client -> client.get("greeting"));
    // end::redis[]
    redis.close();
    return read;
  }
}
