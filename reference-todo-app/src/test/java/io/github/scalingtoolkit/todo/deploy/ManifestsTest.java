package io.github.scalingtoolkit.todo.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.github.scalingtoolkit.core.settings.Setting;
import io.github.scalingtoolkit.todo.config.TestSettings;
import io.github.scalingtoolkit.todo.config.TodoSettings;
import io.kubernetes.client.openapi.models.V1Container;
import io.kubernetes.client.openapi.models.V1ContainerPort;
import io.kubernetes.client.openapi.models.V1PodSpec;
import io.kubernetes.client.openapi.models.V1Service;
import io.kubernetes.client.openapi.models.V1ServicePort;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The Kubernetes manifests, as far as no cluster is needed to judge them. */
@Tag("once")
class ManifestsTest {
  /** How long a claimed job is its worker's: the worker's default, which the service leaves as it is. */
  private static final long JOB_LEASE_SECONDS = 15;

  private static final Path OVERLAYS = Manifests.KUBERNETES.resolve("overlays");

  private static Map<String, Map<String, Object>> dev() {
    return Manifests.render(OVERLAYS.resolve("dev"));
  }

  private static List<String> breaches(Map<String, Map<String, Object>> trees) {
    Cluster cluster = new Cluster(trees);
    List<String> breaches = new ArrayList<>(Policy.breaches(PodPolicies.ALL, cluster));
    breaches.addAll(Policy.breaches(ClusterPolicies.ALL, cluster));
    return breaches;
  }

  @Test
  void theRenderedFileIsWhatTheSourcesSay() {
    assertThat(Manifests.file(Manifests.KUBERNETES.resolve("rendered/dev.yaml")))
        .isEqualTo(dev());
  }

  @Test
  void everyManifestIsInAnOverlayOrIsTheTemplateOfTheSecret() throws IOException {
    Set<Path> used = new TreeSet<>();
    for (String directory : List.of("base", "overlays/dev", "overlays/prod")) {
      Path path = Manifests.KUBERNETES.resolve(directory);
      Yaml.list(Yaml.document(path.resolve("kustomization.yaml")).get("resources"))
          .forEach(resource -> used.add(path.resolve((String) resource).normalize()));
      used.add(path.resolve("kustomization.yaml"));
    }
    used.add(Manifests.KUBERNETES.resolve("base/todo-secrets.template.yaml"));
    used.add(Manifests.KUBERNETES.resolve("rendered/dev.yaml"));

    try (Stream<Path> files = Files.walk(Manifests.KUBERNETES)) {
      assertThat(files.filter(Files::isRegularFile)).allMatch(used::contains);
    }
  }

  @Test
  void theDevelopmentOverlayKeepsToEveryPolicy() {
    assertThat(breaches(dev())).isEmpty();
  }

  @Test
  void theProductionOverlayLacksOnlyTheSecretThatItsUserMakes() {
    assertThat(breaches(Manifests.render(OVERLAYS.resolve("prod"))))
        .containsExactlyInAnyOrder(
            "dangling-secret: Deployment/todo-api", "dangling-secret: Deployment/todo-worker");
  }

  @ParameterizedTest
  @MethodSource("io.github.scalingtoolkit.todo.deploy.SeededMistakes#all")
  void aSeededMistakeIsFoundByThePolicyThatIsThereForIt(SeededMistakes.Mistake mistake) {
    Map<String, Map<String, Object>> trees = dev();
    mistake.makeIn(trees);

    assertThat(breaches(trees)).anyMatch(breach -> breach.startsWith(mistake.policy() + ": "));
  }

  @Test
  void everyPolicyHasAMistakeThatItFinds() {
    Set<String> seeded = SeededMistakes.all()
        .map(SeededMistakes.Mistake::policy)
        .collect(Collectors.toCollection(TreeSet::new));

    Set<String> policies = Stream.concat(PodPolicies.ALL.stream(), ClusterPolicies.ALL.stream())
        .map(Policy::name)
        .collect(Collectors.toCollection(TreeSet::new));
    assertThat(policies).isEqualTo(seeded);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "spec.replica",
        "spec.template.spec.containers.0.readinesProbe",
        "spec.template.spec.securityContext.runAsNonroot"
      })
  void aFieldThatKubernetesDoesNotKnowIsRefused(String path) {
    Map<String, Map<String, Object>> trees = dev();
    SeededMistakes.set("", "Deployment/todo-api", path, 1).makeIn(trees);

    assertThatThrownBy(() -> new Cluster(trees))
        .hasMessageContaining("Deployment/todo-api")
        .hasMessageContaining(path.substring(path.lastIndexOf('.') + 1));
  }

  @Test
  void aFieldThatKubernetesAsksForMustBeThereAndANumberMustBeOne() {
    Map<String, Map<String, Object>> lacking = dev();
    SeededMistakes.remove("", "Deployment/todo-api", "spec.selector").makeIn(lacking);
    Map<String, Map<String, Object>> wrong = dev();
    SeededMistakes.set("", "HorizontalPodAutoscaler/todo-api", "spec.minReplicas", "three")
        .makeIn(wrong);

    assertThatThrownBy(() -> new Cluster(lacking)).hasMessageContaining("selector");
    assertThatThrownBy(() -> new Cluster(wrong)).hasMessageContaining("three");
  }

  @Test
  void namesAndPortsAreTheContracts() {
    Cluster cluster = new Cluster(dev());
    V1Service service = cluster.all(V1Service.class).stream()
        .filter(object -> Cluster.name(object).equals("todo-service"))
        .findAny()
        .orElseThrow();
    V1ServicePort port = service.getSpec().getPorts().get(0);

    assertThat(dev().keySet())
        .contains(
            "Deployment/todo-api",
            "Deployment/todo-worker",
            "Service/todo-service",
            "ConfigMap/todo-config",
            "Secret/todo-secrets",
            "Service/mongodb",
            "Service/redis",
            "StatefulSet/mongodb",
            "StatefulSet/redis");
    assertThat(service.getSpec().getSelector()).containsExactly(Map.entry("app", "todo-api"));
    assertThat(port.getPort()).isEqualTo(80);
    assertThat(container(cluster, "todo-api").getPorts())
        .extracting(V1ContainerPort::getName, V1ContainerPort::getContainerPort)
        .containsExactly(tuple("http", 3000), tuple("admin", 3001));
    assertThat(port.getTargetPort().getStrValue()).isEqualTo("http");
    for (String role : List.of("todo-api", "todo-worker")) {
      V1Container container = container(cluster, role);
      assertThat(container.getArgs()).containsExactly(role.equals("todo-api") ? "serve" : "work");
      assertThat(container.getStartupProbe().getHttpGet().getPath()).isEqualTo("/startupz");
      assertThat(container.getReadinessProbe().getHttpGet().getPath()).isEqualTo("/readyz");
      assertThat(container.getLivenessProbe().getHttpGet().getPath()).isEqualTo("/livez");
      assertThat(List.of(
              container.getStartupProbe(),
              container.getReadinessProbe(),
              container.getLivenessProbe()))
          .allMatch(probe -> probe.getHttpGet().getPort().getStrValue().equals("admin"));
      assertThat(container.getResources().getRequests().get("cpu").getNumber())
          .isEqualByComparingTo("0.25");
      assertThat(container.getResources().getRequests().get("memory").getNumber())
          .isEqualByComparingTo("268435456");
    }
  }

  @Test
  void theImageIsThatOfThisVersion() {
    Matcher version =
        Pattern.compile("<version>([^<]+)</version>").matcher(Yaml.read(Path.of("pom.xml")));
    assertThat(version.find()).isTrue();

    Cluster cluster = new Cluster(dev());
    for (String role : List.of("todo-api", "todo-worker")) {
      assertThat(container(cluster, role).getImage()).isEqualTo("todo-api:" + version.group(1));
    }
  }

  @Test
  void everyKeyOfTheConfigMapIsASettingAndItsFilesAreKeysOfTheSecret() {
    Map<String, Object> config = Yaml.map(dev().get("ConfigMap/todo-config").get("data"));
    Set<String> settings =
        TestSettings.of(Map.of()).listing().stream().map(Setting::key).collect(Collectors.toSet());
    Set<String> files = new TreeSet<>();
    Map<String, String> plain = new TreeMap<>();
    config.forEach((key, value) -> {
      if (key.endsWith("_FILE")) {
        assertThat(settings).contains(key.substring(0, key.length() - "_FILE".length()));
        files.add(((String) value).replaceFirst("^/run/secrets/todo/", ""));
      } else {
        plain.put(key, (String) value);
      }
    });
    Path template = Manifests.KUBERNETES.resolve("base/todo-secrets.template.yaml");
    Map<String, Object> secret = Yaml.map(Yaml.document(template).get("stringData"));

    assertThat(settings).containsAll(plain.keySet());
    assertThat(secret.keySet()).isEqualTo(files);
    assertThat(secret.values()).as("a template holds no secret").containsOnly("");
    Map<String, Object> made = Yaml.map(dev().get("Secret/todo-secrets").get("stringData"));
    assertThat(made.keySet()).isEqualTo(files);
    plain.put("JWT_SECRET", (String) made.get("jwt-secret"));
    plain.put("MONGO_URI", (String) made.get("mongo-uri"));
    plain.put("REDIS_URL", (String) made.get("redis-url"));
    assertThat(TestSettings.of(plain).mode()).isEqualTo(TodoSettings.Mode.PRODUCTION);
  }

  @Test
  void aPodHasTimeForItsPauseItsDrainAndAJobsLease() {
    Cluster cluster = new Cluster(dev());
    Map<String, Object> config = Yaml.map(dev().get("ConfigMap/todo-config").get("data"));
    long drain = TestSettings.of(
            Map.of("APP_ENV", "demo", "DRAIN_TIMEOUT", (String) config.get("DRAIN_TIMEOUT")))
        .drainTimeout()
        .toSeconds();
    for (String role : List.of("todo-api", "todo-worker")) {
      V1PodSpec pod = pod(cluster, role);
      V1Container container = container(cluster, role);
      long pause = container.getLifecycle() == null
          ? 0
          : container.getLifecycle().getPreStop().getSleep().getSeconds();

      assertThat(pod.getTerminationGracePeriodSeconds())
          .as(role)
          .isGreaterThanOrEqualTo(pause + drain + JOB_LEASE_SECONDS);
    }
    assertThat(container(cluster, "todo-api")
            .getLifecycle()
            .getPreStop()
            .getSleep()
            .getSeconds())
        .as("endpoints are told of the end while requests still come")
        .isBetween(5L, 10L);
  }

  @Test
  void theDevelopmentMongoGetsItsUsersByTheScriptOfTheComposeFile() {
    Map<String, Object> scripts = Yaml.map(dev().get("ConfigMap/mongodb-init").get("data"));
    String composes = Yaml.read(Yaml.DEPLOY.resolve("compose/mongodb/users.js"));

    assertThat(scripts)
        .containsExactly(
            Map.entry("users.js", composes.replace("/run/secrets/", "/run/secrets/stores/")));
    Set<String> secrets =
        Yaml.map(dev().get("Secret/todo-stores").get("stringData")).keySet();
    Matcher asked = Pattern.compile("secret\\(\"([a-z-]+)\"\\)").matcher(composes);
    while (asked.find()) {
      assertThat(secrets).contains(asked.group(1));
    }
  }

  private static V1PodSpec pod(Cluster cluster, String deployment) {
    return cluster.workloads().stream()
        .filter(workload -> workload.name().equals("Deployment/" + deployment))
        .findAny()
        .orElseThrow()
        .pod();
  }

  private static V1Container container(Cluster cluster, String deployment) {
    return pod(cluster, deployment).getContainers().get(0);
  }
}
