package io.github.scalingtoolkit.docs;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.scalingtoolkit.todo.config.TodoSettings;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The page of requests and the file of examples name what the service's description has, and nothing else. */
class RequestsPageTest {
  private static final List<String> METHODS = List.of("GET", "POST", "PUT", "PATCH", "DELETE");
  private static final Pattern FIRST_COLUMN =
      Pattern.compile("^\\| (`[^|]*?`) (?:`\\{[^|]*` )?\\|", Pattern.MULTILINE);
  private static final Pattern METHOD = Pattern.compile("\\b(GET|POST|PUT|PATCH|DELETE)\\b");
  private static final Pattern PATH = Pattern.compile("(?<![\\w}])(/[\\w./{}]*)");
  private static final Pattern EXAMPLE =
      Pattern.compile("^([A-Z]+) \\{\\{host}}(/[^?\\s]*)", Pattern.MULTILINE);

  private final JsonNode description = description();

  @Test
  void thePageNamesEveryRequestAndNoOther() throws IOException {
    Set<String> named = new TreeSet<>();
    Matcher row = FIRST_COLUMN.matcher(Files.readString(Path.of("requests.md")));
    while (row.find()) {
      METHOD
          .matcher(row.group(1))
          .results()
          .forEach(method -> PATH.matcher(row.group(1))
              .results()
              .forEach(path -> named.add(method.group() + " " + path.group())));
    }

    assertThat(named).isEqualTo(described());
  }

  @Test
  void thePageNamesEveryParameterAndHeader() throws IOException {
    String page = Files.readString(Path.of("requests.md"));
    Set<String> names = new TreeSet<>(description.findValuesAsText("name"));
    names.removeAll(Set.of("id", "jobId"));

    assertThat(names).contains("completed", "limit", "after", "If-Match", "Idempotency-Key");
    assertThat(names).allSatisfy(name -> assertThat(page).contains(name));
  }

  @Test
  void thereIsAnExampleOfEveryRequestAndOfNoOther() throws IOException {
    Set<String> shown = new TreeSet<>();
    Matcher example = EXAMPLE.matcher(Files.readString(Path.of("requests.http")));
    while (example.find()) {
      shown.add(example.group(1) + " "
          + example.group(2).replace("n-{{id}}", "{jobId}").replace("{{id}}", "{id}"));
    }

    Set<String> requests = described();
    requests.removeIf(request -> request.contains(" /page/"));
    assertThat(shown).isEqualTo(requests);
  }

  private Set<String> described() {
    Set<String> described = new TreeSet<>();
    description
        .get("paths")
        .fields()
        .forEachRemaining(path -> METHODS.stream()
            .filter(method -> path.getValue().has(method.toLowerCase(Locale.ROOT)))
            .forEach(method -> described.add(method + " " + path.getKey())));
    return described;
  }

  private static JsonNode description() {
    try (InputStream resource =
        TodoSettings.class.getResourceAsStream("/io/github/scalingtoolkit/todo/api/openapi.json")) {
      return new ObjectMapper().readTree(resource);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
