package io.github.scalingtoolkit.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.testing.RedisServer;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** The example of {@code redis.md}, run; {@link SnippetsTest} holds the page to it. */
class RedisExamplesTest {
  @Test
  void redisShowsAWriteAndARead() {
    try (RedisServer server = RedisServer.start()) {
      String url = server.url();
      // tag::redis[]
      RedisAccess redis =
          RedisAccess.builder(url).deadline(Duration.ofMillis(100)).build();
      redis.call(client -> client.set("greeting", "hello"));
      String read = redis.callIdempotent(client -> client.get("greeting"));
      // end::redis[]

      assertThat(read).isEqualTo("hello");
      redis.close();
    }
  }
}
