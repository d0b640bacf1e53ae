package io.github.scalingtoolkit.todo.run;

import static io.github.scalingtoolkit.todo.run.TodoClient.header;
import static io.github.scalingtoolkit.todo.run.TodoClient.json;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;

/** What every refusal looks like. */
final class Problems {
  private Problems() {}

  static void assertProblem(HttpResponse<String> answer) {
    assertThat(header(answer, "Content-Type")).startsWith("application/problem+json");
    assertThat(json(answer).get("status").intValue()).isEqualTo(answer.statusCode());
    assertThat(json(answer).get("error").textValue()).isNotBlank();
  }
}
