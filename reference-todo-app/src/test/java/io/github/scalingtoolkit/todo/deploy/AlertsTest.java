package io.github.scalingtoolkit.todo.deploy;

import static io.github.scalingtoolkit.todo.deploy.Yaml.list;
import static io.github.scalingtoolkit.todo.deploy.Yaml.map;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** No alert is without a test that sees it fire, nor without an entry in the runbook that its link leads to. */
@Tag("once")
class AlertsTest {
  private static final Path PROMETHEUS = Yaml.DEPLOY.resolve("prometheus");
  private static final String RUNBOOK =
      "https://github.com/scalingtoolkit/scaling-toolkit/blob/main/docs/runbook.md";
  private static final String TEXT = Yaml.read(Path.of("../docs/runbook.md"));

  private static Map<String, Map<String, Object>> alerts() {
    Map<String, Map<String, Object>> alerts = new TreeMap<>();
    for (Object group : list(Yaml.document(PROMETHEUS.resolve("alerts.yml")).get("groups"))) {
      for (Object rule : list(map(group).get("rules"))) {
        alerts.put((String) map(rule).get("alert"), map(rule));
      }
    }
    return alerts;
  }

  @Test
  void promtoolsTestsSeeEachAlertFire() {
    Set<String> fired = new TreeSet<>();
    for (Object test : list(Yaml.document(PROMETHEUS.resolve("alerts_test.yml")).get("tests"))) {
      for (Object check : list(map(test).get("alert_rule_test"))) {
        if (!list(map(check).get("exp_alerts")).isEmpty()) {
          fired.add((String) map(check).get("alertname"));
        }
      }
    }

    assertThat(fired).isEqualTo(alerts().keySet());
  }

  @Test
  void eachAlertLeadsToItsEntryAndEachEntryIsOfAnAlert() {
    Map<String, String> entries = Pattern.compile("(?ms)^## (\\w+)\n(.*?)(?=^## |\\z)")
        .matcher(TEXT)
        .results()
        .collect(Collectors.toMap(found -> found.group(1), found -> found.group(2)));

    assertThat(entries.keySet()).isEqualTo(alerts().keySet());
    alerts().forEach((name, rule) -> {
      assertThat(map(rule.get("annotations")))
          .containsOnlyKeys("summary", "action", "runbook_url")
          .containsEntry("runbook_url", RUNBOOK + "#" + name.toLowerCase(Locale.ROOT));
      assertThat(entries.get(name))
          .as(name)
          .startsWith("\n" + map(rule.get("labels")).get("severity") + ". ")
          .contains("- **Users see**", "- **Look at**", "- **Do**");
    });
  }

  /** Strictly: Alertmanager does not start with a key that it does not know. */
  @Test
  void whatSeverityAnAlertHasAReceiverGetsIt() {
    Map<String, Object> manager = Yaml.document(PROMETHEUS.resolve("alertmanager.yml"));
    Map<String, Object> route = map(manager.get("route"));
    Set<String> receivers = new TreeSet<>();
    for (Object receiver : list(manager.get("receivers"))) {
      assertThat(map(receiver)).containsOnlyKeys("name", "email_configs");
      receivers.add((String) map(receiver).get("name"));
      for (Object mail : list(map(receiver).get("email_configs"))) {
        assertThat(map(mail))
            .containsOnlyKeys("to", "from", "smarthost", "require_tls", "send_resolved")
            .containsEntry("smarthost", "mail:1025");
      }
    }
    Set<String> routed = new TreeSet<>();
    for (Object one : list(route.get("routes"))) {
      assertThat(map(one)).containsOnlyKeys("matchers", "receiver", "repeat_interval");
      assertThat(receivers).contains((String) map(one).get("receiver"));
      routed.add(list(map(one).get("matchers")).toString());
    }

    assertThat(manager).containsOnlyKeys("route", "receivers");
    assertThat(route)
        .containsOnlyKeys(
            "receiver", "group_by", "group_wait", "group_interval", "repeat_interval", "routes");
    assertThat(receivers).contains((String) route.get("receiver"));
    assertThat(routed).containsExactly("[severity=\"page\"]");
    assertThat(alerts().values())
        .allMatch(
            rule -> Set.of("page", "ticket").contains(map(rule.get("labels")).get("severity")));
  }

  @Test
  void theMetricsAndPoliciesOfTheRunbookAreThere() {
    String rules = Yaml.read(PROMETHEUS.resolve("alerts.yml"))
        + Yaml.read(Yaml.DEPLOY.resolve("grafana/dashboards/todo.json"));
    Set<String> policies =
        Manifests.render(Manifests.KUBERNETES.resolve("overlays/prod")).keySet();

    assertThat(named("`(toolkit_\\w+)")).isNotEmpty().allMatch(rules::contains);
    assertThat(named("NetworkPolicy `([a-z-]+)`"))
        .isNotEmpty()
        .allMatch(name -> policies.contains("NetworkPolicy/" + name));
  }

  private static Set<String> named(String pattern) {
    return Pattern.compile(pattern)
        .matcher(TEXT)
        .results()
        .map((MatchResult found) -> found.group(1))
        .collect(Collectors.toCollection(TreeSet::new));
  }
}
