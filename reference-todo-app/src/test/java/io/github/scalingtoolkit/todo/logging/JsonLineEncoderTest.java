package io.github.scalingtoolkit.todo.logging;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.LoggingEvent;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class JsonLineEncoderTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final LoggerContext context = new LoggerContext();

  @Test
  void aLineHasTheFieldsThatCollectorsReadAndThoseOfTheMessage() throws IOException {
    JsonNode line = encode(
        "server name={} port={} reason=\"{}\" empty=", null, "public", 3000, "two words, a \u2603");

    assertThat(line.get("timestamp").textValue()).isEqualTo("2026-01-02T03:04:05.006Z");
    assertThat(line.get("level").textValue()).isEqualTo("WARN");
    assertThat(line.get("logger").textValue()).isEqualTo("a.b.C");
    assertThat(line.get("thread").textValue()).isEqualTo("main");
    assertThat(line.get("message").textValue())
        .isEqualTo("server name=public port=3000 reason=\"two words, a \u2603\" empty=");
    assertThat(line.get("name").textValue()).isEqualTo("public");
    assertThat(line.get("port").textValue()).isEqualTo("3000");
    assertThat(line.get("reason").textValue()).isEqualTo("two words, a \u2603");
    assertThat(line.get("empty").textValue()).isEmpty();
    assertThat(line.has("error")).isFalse();
  }

  @Test
  void aFieldOfTheMessageReplacesNoneOfTheLineNorDoublesAName() throws IOException {
    JsonNode line = encode("level=fake message=fake a=1 a=2 url=http://x/?b=3", null);

    assertThat(line.get("level").textValue()).isEqualTo("WARN");
    assertThat(line.get("message").textValue()).startsWith("level=fake");
    assertThat(line.get("a").textValue()).isEqualTo("1");
    assertThat(line.get("url").textValue()).isEqualTo("http://x/?b=3");
    assertThat(line.has("b")).isFalse();
  }

  @Test
  void ofAnExceptionOnlyTheClassIsShown() throws IOException {
    JsonNode line = encode("failed", new IllegalStateException("s3cret"));

    assertThat(line.get("error").textValue()).isEqualTo("java.lang.IllegalStateException");
    assertThat(line.toString()).doesNotContain("s3cret", "at io.");
  }

  private JsonNode encode(String message, Throwable failure, Object... arguments)
      throws IOException {
    LoggingEvent event = new LoggingEvent(
        "fqcn", context.getLogger("a.b.C"), Level.WARN, message, failure, arguments);
    event.setInstant(Instant.parse("2026-01-02T03:04:05.006Z"));
    event.setThreadName("main");
    String line = new String(new JsonLineEncoder().encode(event), StandardCharsets.UTF_8);
    assertThat(line).endsWith("\n").hasLineCount(1);
    return JSON.reader()
        .with(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY)
        .readTree(line);
  }
}
