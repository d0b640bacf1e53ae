package io.github.scalingtoolkit.cache;

import static io.github.scalingtoolkit.cache.Fixture.standing;
import static io.github.scalingtoolkit.cache.Fixture.texts;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.RedisServer;
import java.io.BufferedReader;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** The app's row of the failure table: kill -9 of a process that is writing. */
class KilledWriterTest {
  private static final Duration WRITE_LIFETIME = Duration.ofSeconds(1);

  /** The process that is killed: begins a write, says so, and never ends it. */
  static final class Writer {
    public static void main(String[] args) throws InterruptedException {
      RedisAccess redis = Fixture.patient(args[0]);
      CacheAside<String, String> cache =
          texts(redis, args[1]).writeLifetime(WRITE_LIFETIME).build();
      WriteBracket write = cache.begin("k");
      System.out.println("begun " + write.begun());
      new CountDownLatch(1).await();
    }
  }

  @Test
  void aWriterKilledBetweenBeginAndEndReleasesTheKeyAtItsDeadline() throws Exception {
    String name = Fixture.name();
    try (RedisServer server = RedisServer.start();
        RedisAccess redis = Fixture.patient(server.url())) {
      CacheAside<String, String> cache = texts(redis, name).build();
      cache.get("k", key -> "v1");
      Process writer = new ProcessBuilder(
              Path.of(System.getProperty("java.home"), "bin", "java").toString(),
              "-cp",
              System.getProperty("java.class.path"),
              Writer.class.getName(),
              server.url(),
              name)
          .redirectError(ProcessBuilder.Redirect.DISCARD)
          .start();
      try (BufferedReader output = writer.inputReader()) {
        assertThat(output.readLine()).isEqualTo("begun true");
      } finally {
        writer.destroyForcibly().waitFor();
      }

      Await.until("its record has ended", () -> standing(redis, name, "k") == null);

      assertThat(cache.lookup("k", key -> "v2")).isEqualTo(new Cached<>("v2", Outcome.LOADED));
    }
  }
}
