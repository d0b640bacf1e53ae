package io.github.scalingtoolkit.todo.domain;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class TodoJsonTest {
  private static final Todo TODO = new Todo(
      new TodoId("6560f0c0a1b2c3d4e5f60718"),
      "Buy \"milk\" \uD83E\uDD5B\u2028",
      true,
      null,
      new UserId("user123"),
      Instant.parse("2026-11-23T08:00:00Z"),
      Instant.parse("2026-11-23T08:00:00.120Z"));

  private static final String JSON = "{\"_id\":\"6560f0c0a1b2c3d4e5f60718\","
      + "\"title\":\"Buy \\\"milk\\\" \uD83E\uDD5B\u2028\",\"completed\":true,\"userId\":\"user123\","
      + "\"createdAt\":\"2026-11-23T08:00:00.000Z\",\"updatedAt\":\"2026-11-23T08:00:00.120Z\"}";

  @Test
  void writesATodoAsTheContractHasIt() {
    assertThat(new String(TodoJson.write(TODO), UTF_8)).isEqualTo(JSON);
  }

  @Test
  void writesAPlaceAsItWasGiven() {
    for (String order : List.of("3", "-1", "0", "0.5", "9007199254740992", "1.0E300")) {
      Todo placed =
          new TodoChange(null, null, Double.valueOf(order), false).apply(TODO, TODO.updatedAt());

      assertThat(new String(TodoJson.write(placed), UTF_8))
          .isEqualTo(JSON.replace("\"completed\":true", "\"completed\":true,\"order\":" + order));
    }
  }

  @Test
  void writesABareArray() {
    assertThat(new String(TodoJson.write(List.of()), UTF_8)).isEqualTo("[]");
    assertThat(new String(TodoJson.write(List.of(TODO, TODO)), UTF_8))
        .isEqualTo("[" + JSON + "," + JSON + "]");
  }

  @Test
  void writesAThousandTodosThatAnyReaderReads() throws IOException {
    JsonNode read = new ObjectMapper().readTree(TodoJson.write(Collections.nCopies(1000, TODO)));

    assertThat(read).hasSize(1000);
    assertThat(read.get(999).get("title").textValue()).isEqualTo(TODO.title());
  }

  @Test
  void canBeSentBack() throws IOException {
    assertThat(TodoInput.read(new ObjectMapper().readTree(TodoJson.write(TODO))))
        .isEqualTo(new TodoInput.Valid(new NewTodo(new Title("Buy \"milk\" \uD83E\uDD5B"), true)));
  }
}
