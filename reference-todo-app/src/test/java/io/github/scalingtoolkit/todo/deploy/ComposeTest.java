package io.github.scalingtoolkit.todo.deploy;

import static io.github.scalingtoolkit.todo.deploy.Yaml.list;
import static io.github.scalingtoolkit.todo.deploy.Yaml.map;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The Compose file and what it refers to, as far as no container engine is needed to judge them. */
@Tag("once")
class ComposeTest {
  private static final Path COMPOSE = Yaml.DEPLOY.resolve("compose");
  private static final Set<String> APPS = Set.of("todo-1", "todo-2", "todo-3");

  /** What the Compose specification lets a service say, of which we use the most ordinary. */
  private static final Set<String> SERVICE_KEYS = Set.of(
      "image",
      "pull_policy",
      "profiles",
      "restart",
      "read_only",
      "tmpfs",
      "cap_drop",
      "security_opt",
      "mem_limit",
      "stop_grace_period",
      "secrets",
      "environment",
      "healthcheck",
      "depends_on",
      "ports",
      "volumes",
      "command",
      "user");

  private static final Set<String> HEALTHCHECK_KEYS =
      Set.of("test", "interval", "timeout", "start_period", "retries");

  private final Map<String, Object> compose = Yaml.document(COMPOSE.resolve("compose.yaml"));
  private final Map<String, Map<String, Object>> services = services(compose);

  private static Map<String, Map<String, Object>> services(Map<String, Object> compose) {
    Map<String, Map<String, Object>> services = new TreeMap<>();
    map(compose.get("services")).forEach((name, service) -> services.put(name, map(service)));
    return services;
  }

  private Set<String> ofProfile(String profile) {
    return services.keySet().stream()
        .filter(name -> list(services.get(name).get("profiles")).contains(profile))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static List<Object> listOf(Map<String, Object> service, String key) {
    return service.containsKey(key) ? list(service.get(key)) : List.of();
  }

  @Test
  void theStackIsWholeAndTheStoresCanBeHadAlone() {
    assertThat(ofProfile("stack")).isEqualTo(services.keySet());
    assertThat(services.keySet())
        .containsAll(APPS)
        .contains("nginx", "mongodb", "redis", "prometheus", "alertmanager", "grafana", "mail");
    assertThat(ofProfile("stores")).containsExactly("mongodb", "mongodb-init", "redis");
  }

  @Test
  void nothingIsSaidThatComposeDoesNotKnow() {
    assertThat(compose.keySet())
        .containsExactlyInAnyOrder("name", "x-todo", "services", "volumes", "secrets");
    services.forEach((name, service) -> {
      assertThat(SERVICE_KEYS).as(name).containsAll(service.keySet());
      if (service.containsKey("healthcheck")) {
        assertThat(HEALTHCHECK_KEYS)
            .as(name)
            .containsAll(map(service.get("healthcheck")).keySet());
      }
    });
  }

  @Test
  void everyFileVolumeSecretAndServiceThatIsNamedIsThere() {
    Set<String> volumes = new HashSet<>(map(compose.get("volumes")).keySet());
    Set<String> secrets = new HashSet<>(map(compose.get("secrets")).keySet());
    services.forEach((name, service) -> {
      for (Object volume : listOf(service, "volumes")) {
        String source = ((String) volume).split(":")[0];
        if (source.startsWith(".")) {
          assertThat(COMPOSE.resolve(source).normalize()).as(name).exists();
          assertThat((String) volume).as("%s: our files are read only", name).endsWith(":ro");
        } else {
          assertThat(volumes).as(name).contains(source);
        }
      }
      for (Object secret : listOf(service, "secrets")) {
        assertThat(secrets).as(name).contains((String) secret);
      }
      if (service.containsKey("depends_on")) {
        map(service.get("depends_on")).forEach((needed, how) -> {
          assertThat(services).as(name).containsKey(needed);
          assertThat(list(services.get(needed).get("profiles")))
              .as("%s is there whenever %s is", needed, name)
              .containsAll(list(service.get("profiles")));
          Object condition = map(how).get("condition");
          if (services.get(needed).containsKey("healthcheck")) {
            assertThat(condition).as(name).isEqualTo("service_healthy");
          } else if (APPS.contains(needed)) {
            assertThat(condition).as(name).isEqualTo("service_started");
          } else {
            assertThat(condition).as(name).isEqualTo("service_completed_successfully");
          }
        });
      }
    });
  }

  @Test
  void whatRunsOnIsCheckedBoundedAndOfAPinnedVersion() {
    services.forEach((name, service) -> {
      assertThat((String) service.get("image"))
          .as(name)
          .matches("[a-z-]+(/[a-z-]+)?:(\\$\\{TODO_TAG:-.+}|v?[0-9].*)");
      assertThat(service).as(name).containsKeys("mem_limit", "restart");
      if (!service.get("restart").equals("on-failure") && !APPS.contains(name)) {
        assertThat(service).as(name).containsKey("healthcheck");
      }
    });
  }

  @Test
  void noHealthCheckStartsAJvmOrANode() {
    services.forEach((name, service) -> {
      if (service.containsKey("healthcheck")) {
        List<Object> test = list(map(service.get("healthcheck")).get("test"));
        assertThat(String.join(" ", test.stream().map(Object::toString).toList()))
            .as(name)
            .doesNotContain("java", "mongosh", "node ");
      }
    });
    assertThat(services.get("nginx").get("healthcheck").toString())
        .as("nginx asks for the processes, which have no check of their own")
        .contains("/health");
  }

  @Test
  void passwordsCrossTheNetworkByTlsAlone() {
    assertThat(listOf(services.get("nginx"), "ports"))
        .containsExactly("${TODO_TLS_PORT:-8443}:8443", "127.0.0.1:${TODO_PORT:-8080}:8080");
    assertThat(Yaml.read(Yaml.DEPLOY.resolve("nginx/todo-tls.conf"))).contains("listen 8443 ssl");
    assertThat(Yaml.read(COMPOSE.resolve("todo-certificate.conf")))
        .contains("/run/secrets/tls-certificate", "/run/secrets/tls-key");
    assertThat(listOf(services.get("nginx"), "secrets"))
        .containsExactly("tls-certificate", "tls-key");
  }

  @Test
  void onlyTheFrontIsOpenToOtherMachinesAndNoPortIsThereTwice() {
    Set<String> published = new HashSet<>();
    services.forEach((name, service) -> {
      for (Object port : listOf(service, "ports")) {
        String host = ((String) port).replaceFirst(":[0-9]+$", "");
        assertThat(published.add(host)).as(host).isTrue();
        if (!name.equals("nginx")) {
          assertThat(host).as(name).startsWith("127.0.0.1:");
        }
      }
    });
    assertThat(published).hasSize(8);
  }

  @Test
  void noSecretIsWrittenDown() throws IOException {
    Pattern secret = Pattern.compile("(?i).*(secret|password|token|_uri|_url)");
    services.forEach((name, service) -> {
      if (service.containsKey("environment")) {
        map(service.get("environment")).forEach((key, value) -> {
          if (key.endsWith("_FILE")) {
            assertThat(listOf(service, "secrets"))
                .as(name)
                .contains(((String) value).replaceFirst("^/run/secrets/", ""));
          } else {
            assertThat(secret.matcher(key).matches()).as("%s: %s", name, key).isFalse();
          }
        });
      }
    });
    map(compose.get("secrets"))
        .forEach((name, secretFile) ->
            assertThat(secretFile).isEqualTo(Map.of("file", "./secrets/" + name)));
    assertThat(Files.readString(Path.of("../.gitignore")).lines())
        .contains("reference-todo-app/deploy/compose/secrets/");
  }
}
