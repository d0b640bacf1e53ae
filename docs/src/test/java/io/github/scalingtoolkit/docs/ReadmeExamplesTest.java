package io.github.scalingtoolkit.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.RedisServer;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The README's examples, run; {@link SnippetsTest} holds the README to them. */
class ReadmeExamplesTest {
  private interface Example {
    void main(String[] arguments) throws Exception;
  }

  private static RedisServer server;

  @BeforeAll
  static void start() {
    server = RedisServer.start();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @Test
  void cache() throws Exception {
    assertThat(printedBy(CacheExample::main, server.url()))
        .isEqualTo("todos of ada: [Todo[title=buy milk]]");
  }

  @Test
  void queue() {
    AtomicReference<String> printed = new AtomicReference<>();
    // A busy machine can need more than the 100 ms that a call may take. The job may be there then.
    Await.until("the job is enqueued", () -> {
      try (RedisServer empty = RedisServer.start()) {
        printed.set(printedBy(QueueExample::main, empty.url()));
        return true;
      } catch (RuntimeException late) {
        return false;
      } catch (Exception e) {
        throw new AssertionError(e);
      }
    });

    assertThat(printed).hasValue("mail to ada@example.org");
  }

  @Test
  void auth() throws Exception {
    assertThat(printedBy(AuthExample::main)).isEqualTo("token of user123");
  }

  @Test
  void guard() throws Exception {
    assertThat(printedBy(GuardExample::main)).isEqualTo("the store says 42");
  }

  private static String printedBy(Example example, String... arguments) throws Exception {
    PrintStream out = System.out;
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
    try {
      example.main(arguments);
    } finally {
      System.setOut(out);
    }
    return printed.toString(StandardCharsets.UTF_8).strip();
  }
}
