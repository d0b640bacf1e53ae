package io.github.scalingtoolkit.todo.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.todo.deploy.PromQl;
import io.github.scalingtoolkit.todo.deploy.Tool;
import io.github.scalingtoolkit.todo.deploy.Yaml;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The dashboard and the alerts ask for series that the running service exports, and promtool takes the rules. */
class MonitoringTest {
  private static final Path PROMETHEUS = Yaml.DEPLOY.resolve("prometheus");
  private static final Path DASHBOARD = Yaml.DEPLOY.resolve("grafana/dashboards/todo.json");

  /** What Prometheus adds to each series, and its own metric. */
  private static final Set<String> OF_PROMETHEUS = Set.of("instance", "job");

  private static final Pattern SERIES = Pattern.compile("^(\\w+)(?:\\{(.*)})? \\S+$");
  private static final Pattern LABEL = Pattern.compile("(\\w+)=\"([^\"]*)\"");

  @TempDir
  private static Path directory;

  /** What the service exports: of each metric its labels, each with the values seen. */
  private static final Map<String, Map<String, Set<String>>> exported = new HashMap<>();

  private static TestStores stores;
  private static TodoApp app;

  @BeforeAll
  static void start() {
    stores = TestStores.start(directory);
    app = new TodoApp(stores.settings(), Role.BOTH);
    app.start();
    TodoClient user = TodoClient.of(app.port(), "monitored");
    user.list();
    user.list();
    String job = TodoClient.jobPath(user.create("Watch it"));
    Await.until(
        "the job is completed",
        () -> TodoClient.json(user.get(job)).get("state").textValue().equals("completed"));
    TodoClient.anonymous(app.port()).list();
    Await.until("the run is counted and the checks are done", () -> {
      read(TodoClient.anonymous(app.adminPort()).get("/metrics").body());
      return exported.containsKey("toolkit_queue_runs_seconds_count")
          && exported.containsKey("toolkit_health_up");
    });
    exported.put("up", new HashMap<>());
  }

  @AfterAll
  static void stop() {
    if (app != null) {
      app.stop();
    }
    stores.close();
  }

  private static void read(String metrics) {
    metrics.lines().filter(line -> !line.startsWith("#")).forEach(line -> {
      Matcher series = SERIES.matcher(line);
      assertThat(series.matches()).as(line).isTrue();
      Map<String, Set<String>> labels =
          exported.computeIfAbsent(series.group(1), name -> new HashMap<>());
      if (series.group(2) != null) {
        Matcher label = LABEL.matcher(series.group(2));
        while (label.find()) {
          labels.computeIfAbsent(label.group(1), name -> new HashSet<>()).add(label.group(2));
        }
      }
    });
  }

  /** Returns the names in {@code expression} that are not exported. */
  private static List<String> missing(String expression) {
    List<String> missing = new ArrayList<>();
    for (PromQl.Selector selector : PromQl.selectors(expression)) {
      Map<String, Set<String>> labels = exported.get(selector.metric());
      if (labels == null) {
        missing.add(selector.metric());
        continue;
      }
      selector.labels().forEach((label, values) -> {
        if (OF_PROMETHEUS.contains(label)) {
          return;
        }
        Set<String> seen = labels.get(label);
        if (seen == null) {
          missing.add(selector.metric() + "{" + label + "}");
        } else if (!label.equals("route")) {
          values.stream()
              .filter(value -> !seen.contains(value) && !isRare(label, value))
              .forEach(value -> missing.add(selector.metric() + "{" + label + "=" + value + "}"));
        }
      });
    }
    return missing;
  }

  /** What a service in good health does not show: it is named by {@code Runner}. */
  private static boolean isRare(String label, String value) {
    return label.equals("outcome") && List.of("dead", "unreadable").contains(value);
  }

  private static List<String> alertExpressions() {
    List<String> expressions = new ArrayList<>();
    for (Object group :
        Yaml.list(Yaml.document(PROMETHEUS.resolve("alerts.yml")).get("groups"))) {
      for (Object rule : Yaml.list(Yaml.map(group).get("rules"))) {
        expressions.add((String) Yaml.map(rule).get("expr"));
      }
    }
    return expressions;
  }

  private static JsonNode dashboard() throws IOException {
    return new ObjectMapper().readTree(Yaml.read(DASHBOARD));
  }

  private static List<String> dashboardExpressions() throws IOException {
    List<String> expressions = new ArrayList<>();
    dashboard().findValues("expr").forEach(expression -> expressions.add(expression.textValue()));
    return expressions;
  }

  @Test
  void everySeriesOfTheAlertsIsExported() {
    List<String> expressions = alertExpressions();

    assertThat(expressions).hasSizeGreaterThan(8);
    assertThat(expressions).allSatisfy(expression -> {
      assertThat(PromQl.selectors(expression)).isNotEmpty();
      assertThat(missing(expression)).isEmpty();
    });
  }

  @Test
  void everySeriesOfTheDashboardIsExported() throws IOException {
    List<String> expressions = dashboardExpressions();

    assertThat(expressions).hasSizeGreaterThan(20);
    assertThat(expressions).allSatisfy(expression -> {
      assertThat(PromQl.selectors(expression)).isNotEmpty();
      assertThat(missing(expression)).isEmpty();
    });
  }

  @Test
  void aMetricLabelOrValueThatIsNotExportedIsFound() {
    assertThat(missing("sum by (job) (rate(todo_requests_total[5m])) / 2"))
        .containsExactly("todo_requests_total");
    assertThat(missing("max_over_time(toolkit_health_up{dependency=\"redis\"}[1h]) == 0"))
        .containsExactly("toolkit_health_up{dependency}");
    assertThat(missing("toolkit_queue_jobs{state=\"queued\"} > 1e3 and on (queue) up"))
        .containsExactly("toolkit_queue_jobs{state=queued}");
    assertThat(missing("toolkit_cache_gets_total{outcome=~\"l1_hit|l3_hit\"}"))
        .containsExactly("toolkit_cache_gets_total{outcome=l3_hit}");
  }

  @Test
  void thePanelsDoNotOverlapAndAskTheProvisionedSource() throws IOException {
    Set<String> taken = new HashSet<>();
    Set<Integer> ids = new HashSet<>();
    for (JsonNode panel : dashboard().get("panels")) {
      JsonNode at = panel.get("gridPos");
      assertThat(ids.add(panel.get("id").intValue())).isTrue();
      for (int x = 0; x < at.get("w").intValue(); x++) {
        for (int y = 0; y < at.get("h").intValue(); y++) {
          assertThat(taken.add((at.get("x").intValue() + x) + "," + (at.get("y").intValue() + y)))
              .as(panel.get("title").textValue())
              .isTrue();
        }
      }
    }
    Path provisioned = Yaml.DEPLOY.resolve("grafana/provisioning/datasources/prometheus.yaml");
    Map<String, Object> source =
        Yaml.map(Yaml.list(Yaml.document(provisioned).get("datasources")).get(0));
    Set<String> asked = new HashSet<>();
    dashboard()
        .findValues("datasource")
        .forEach(node -> asked.add(node.get("uid").textValue()));
    assertThat(asked).containsExactly((String) source.get("uid"));
  }

  @Test
  void promtoolTakesTheConfigurationAndTheRulesAndTheirTestsPass() {
    Optional<Path> promtool = Tool.find("promtool");
    assumeTrue(promtool.isPresent(), "NOT RUN: Prometheus' rules: there is no promtool");

    for (List<String> arguments : List.of(
        List.of("check", "config", "prometheus.yml"),
        List.of("check", "rules", "alerts.yml"),
        List.of("test", "rules", "alerts_test.yml"))) {
      List<String> command = new ArrayList<>(List.of(promtool.get().toString()));
      command.addAll(arguments);

      Tool.Outcome outcome = Tool.run(PROMETHEUS, command);

      assertThat(outcome.code()).as(outcome.output()).isZero();
      assertThat(outcome.output()).contains("SUCCESS");
    }
  }
}
