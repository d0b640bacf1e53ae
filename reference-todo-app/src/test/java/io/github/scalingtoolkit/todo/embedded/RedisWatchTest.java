package io.github.scalingtoolkit.todo.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.todo.stores.DataDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;

/** What a watch does when its pipe breaks: ClusterFailureTest breaks it by kill -9. */
class RedisWatchTest {
  @TempDir
  private Path data;

  private DataDirectory owned;
  private Path home;
  private EmbeddedRedis redis;

  @BeforeEach
  void start() {
    owned = DataDirectory.open(data);
    home = owned.subdirectory("redis");
    redis = EmbeddedRedis.start(home, Objects.requireNonNullElse(System.getenv("PATH"), ""));
  }

  @AfterEach
  void stop() {
    redis.close();
    owned.close();
  }

  private static boolean runs(long pid) {
    return ProcessHandle.of(pid).map(RedisProcess::runs).orElse(false);
  }

  @Test
  void endsTheServerWhenItsPipeBreaks() throws Exception {
    RedisWatch watch = RedisWatch.start(home, owned.lockFile());
    long pid = redis.pid();

    watch.shell().getOutputStream().close();

    Await.until("it has ended", () -> !runs(pid));
    Await.until("so has the watch", () -> !watch.shell().isAlive());
    assertThat(Files.readString(home.resolve("redis.log"))).contains("User requested shutdown");
  }

  @Test
  void leavesTheServerAloneWhenToldThatAllIsOver() throws Exception {
    RedisWatch watch = RedisWatch.start(home, owned.lockFile());

    watch.close();

    assertThat(watch.shell().waitFor()).isZero();
    assertWasNotAskedToEnd();
  }

  @Test
  void leavesTheServerOfTheNextOwnerAlone() throws Exception {
    RedisWatch watch = RedisWatch.start(home, Files.writeString(data.resolve("taken"), "1\n"));

    watch.shell().getOutputStream().close();

    assertThat(watch.shell().waitFor()).isZero();
    assertWasNotAskedToEnd();
  }

  /** A signal is taken up at the latest with the next command, and logged before it is obeyed. */
  private void assertWasNotAskedToEnd() throws IOException {
    try (Jedis jedis = new Jedis(redis.url())) {
      assertThat(jedis.ping()).isEqualTo("PONG");
    }
    assertThat(runs(redis.pid())).isTrue();
    assertThat(Files.readString(home.resolve("redis.log"))).doesNotContain("User requested");
  }
}
