package io.github.scalingtoolkit.todo.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.icegreen.greenmail.util.GreenMail;
import com.icegreen.greenmail.util.ServerSetup;
import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.core.time.ManualClock;
import io.github.scalingtoolkit.todo.run.ClosedPort;
import jakarta.mail.internet.MimeMessage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NotificationSinksTest {
  private static final Notification NOTIFICATION =
      new Notification("user123", "650000000000000000000001");

  @TempDir
  Path directory;

  @Test
  void appendsOneObjectALine() throws IOException {
    Path file = directory.resolve("notifications.jsonl");
    ManualClock clock = ManualClock.startingAt(Instant.parse("2026-11-23T08:00:00.123Z"));
    try (JsonLinesSink sink = new JsonLinesSink(file, clock)) {
      sink.deliver("job-1", NOTIFICATION);
    }
    try (JsonLinesSink sink = new JsonLinesSink(file, clock)) {
      sink.deliver("job-2", NOTIFICATION);
    }

    assertThat(Files.readAllLines(file))
        .containsExactly(
            "{\"jobId\":\"job-1\",\"todoId\":\"650000000000000000000001\",\"userId\":\"user123\","
                + "\"deliveredAt\":\"2026-11-23T08:00:00.123Z\"}",
            "{\"jobId\":\"job-2\",\"todoId\":\"650000000000000000000001\",\"userId\":\"user123\","
                + "\"deliveredAt\":\"2026-11-23T08:00:00.123Z\"}");
  }

  @Test
  void halfALineOfAKilledProcessDoesNotSwallowTheNext() throws IOException {
    Path file = directory.resolve("notifications.jsonl");
    Files.writeString(file, "{\"jobId\":\"job-1\",\"tod");

    try (JsonLinesSink sink = new JsonLinesSink(file, Clock.system())) {
      sink.deliver("job-2", NOTIFICATION);
    }

    List<String> lines = Files.readAllLines(file);
    assertThat(lines).hasSize(2);
    assertThat(new ObjectMapper().readTree(lines.get(1)).get("jobId").asText()).isEqualTo("job-2");
  }

  @Test
  void anInterruptedDeliveryDoesNotCloseTheFileForTheOthers() throws IOException {
    Path file = directory.resolve("notifications.jsonl");
    try (JsonLinesSink sink = new JsonLinesSink(file, Clock.system())) {
      Thread.currentThread().interrupt();
      sink.deliver("job-1", NOTIFICATION);
      assertThat(Thread.interrupted()).isTrue();
      sink.deliver("job-2", NOTIFICATION);
    }

    assertThat(Files.readAllLines(file)).hasSize(2);
  }

  @Test
  void severalWritersOfOneFileNeverMixTheirLines() throws Exception {
    Path file = directory.resolve("notifications.jsonl");
    List<Thread> writers = new ArrayList<>();
    for (int w = 0; w < 4; w++) {
      int writer = w;
      Thread thread = new Thread(() -> {
        try (JsonLinesSink sink = new JsonLinesSink(file, Clock.system())) {
          for (int i = 0; i < 250; i++) {
            sink.deliver("job-" + writer + "-" + i, NOTIFICATION);
          }
        } catch (IOException e) {
          throw new AssertionError(e);
        }
      });
      thread.start();
      writers.add(thread);
    }
    for (Thread writer : writers) {
      writer.join();
    }

    ObjectMapper json = new ObjectMapper();
    List<String> ids = new ArrayList<>();
    for (String line : Files.readAllLines(file)) {
      JsonNode object = json.readTree(line);
      assertThat(object.get("userId").asText()).isEqualTo("user123");
      ids.add(object.get("jobId").asText());
    }
    assertThat(ids).hasSize(1000).doesNotHaveDuplicates();
  }

  @Test
  void handsMailToARealServerWithAMessageIdMadeOfTheJob() throws Exception {
    GreenMail server = new GreenMail(new ServerSetup(0, "127.0.0.1", ServerSetup.PROTOCOL_SMTP));
    server.setUser("ada@example.org", "ada", "s3cret/x");
    server.start();
    try (SmtpSink sink = new SmtpSink(SmtpUrl.parse("smtp://ada:s3cret%2Fx@127.0.0.1:"
        + server.getSmtp().getPort() + "?from=todo%40example.org&to=ada@example.org"))) {
      sink.deliver("n-650000000000000000000001", NOTIFICATION);

      MimeMessage[] received = server.getReceivedMessages();
      assertThat(received).hasSize(1);
      assertThat(received[0].getMessageID()).isEqualTo("<n-650000000000000000000001@todo-api>");
      assertThat(received[0].getFrom()[0]).hasToString("todo@example.org");
      assertThat(received[0].getAllRecipients()[0]).hasToString("ada@example.org");
      assertThat(String.valueOf(received[0].getContent()))
          .contains("user123", "650000000000000000000001");
    } finally {
      server.stop();
    }
  }

  @Test
  void aDeadMailServerIsAnErrorThatShowsNoPassword() {
    try (ClosedPort nobody = new ClosedPort();
        SmtpSink sink =
            new SmtpSink(SmtpUrl.parse("smtp://ada:s3cret@127.0.0.1:" + nobody.port()))) {
      assertThatIOException()
          .isThrownBy(() -> sink.deliver("job-1", NOTIFICATION))
          .satisfies(e ->
              assertThat(e.getMessage()).doesNotContain("s3cret").contains("smtp://***@127.0.0.1"));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://host",
        "smtp://",
        "host:25",
        "smtp://host?from=nobody at all",
        "smtp://host?to=@",
        "smtp://host?cc=a@b.c"
      })
  void refusesUrlsOfAnotherForm(String url) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SmtpUrl.parse(url))
        .withMessageContaining("It must look like smtp://");
  }
}
