package io.github.scalingtoolkit.todo.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.scalingtoolkit.core.settings.Setting;
import io.github.scalingtoolkit.todo.config.TestSettings;
import io.github.scalingtoolkit.todo.config.TodoSettings;
import io.github.scalingtoolkit.todo.jobs.Notifications;
import io.kubernetes.client.openapi.models.V1Container;
import io.kubernetes.client.openapi.models.V1ContainerPort;
import io.kubernetes.client.openapi.models.V1CronJob;
import io.kubernetes.client.openapi.models.V1NetworkPolicy;
import io.kubernetes.client.openapi.models.V1PodSpec;
import io.kubernetes.client.openapi.models.V1Service;
import io.kubernetes.client.openapi.models.V1ServicePort;
import io.kubernetes.client.openapi.models.V2HorizontalPodAutoscaler;
import io.kubernetes.client.openapi.models.V2MetricIdentifier;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The Kubernetes manifests, as far as no cluster is needed to judge them. */
@Tag("once")
class ManifestsTest {
  /** How long a claimed job is its worker's: the worker's default, which the service leaves as it is. */
  private static final long JOB_LEASE_SECONDS = 15;

  private static final Path OVERLAYS = Manifests.KUBERNETES.resolve("overlays");
  private static final Path COMPONENTS = Manifests.KUBERNETES.resolve("components");
  private static final Path TEMPLATE = OVERLAYS.resolve("prod/todo-secrets.template.yaml");

  @TempDir
  private Path directory;

  private static Map<String, Map<String, Object>> dev() {
    return Manifests.render(OVERLAYS.resolve("dev"));
  }

  /** Production as the overlay has it, with monitoring and the Secret that its user makes. */
  private static Map<String, Map<String, Object>> production() {
    Map<String, Map<String, Object>> trees =
        Manifests.render(OVERLAYS.resolve("prod"), "monitoring");
    trees.put("Secret/todo-secrets", Yaml.document(TEMPLATE));
    return trees;
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
    for (String directory : List.of(
        "base",
        "overlays/dev",
        "overlays/prod",
        "components/ingress",
        "components/load-balancer",
        "components/monitoring",
        "components/warm",
        "components/worker-autoscaler")) {
      Path path = Manifests.KUBERNETES.resolve(directory);
      Map<String, Object> kustomization = Yaml.document(path.resolve("kustomization.yaml"));
      if (kustomization.containsKey("resources")) {
        Yaml.list(kustomization.get("resources"))
            .forEach(resource -> used.add(path.resolve((String) resource).normalize()));
      }
      if (kustomization.containsKey("patches")) {
        Yaml.list(kustomization.get("patches"))
            .forEach(patch -> used.add(path.resolve((String) Yaml.map(patch).get("path"))));
      }
      used.add(path.resolve("kustomization.yaml"));
    }
    used.add(TEMPLATE);
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

  @Test
  void productionWithMonitoringAndItsSecretKeepsToEveryPolicy() {
    assertThat(breaches(production())).isEmpty();
  }

  @Test
  void theLoadBalancerIsAWayInThatTrustsNoProxy() {
    Map<String, Map<String, Object>> trees =
        Manifests.render(Manifests.KUBERNETES.resolve("base"), "load-balancer", "monitoring");
    Map<String, Object> spec = Yaml.map(trees.get("Service/todo-service").get("spec"));

    assertThat(breaches(trees))
        .containsExactlyInAnyOrder(
            "dangling-secret: Deployment/todo-api", "dangling-secret: Deployment/todo-worker");
    assertThat(spec).containsEntry("type", "LoadBalancer");
    assertThat(Yaml.map(trees.get("ConfigMap/todo-config").get("data")))
        .doesNotContainKey("TRUSTED_PROXIES");
  }

  @Test
  void workersFollowTheQueueAndWarmRunsOnDemand() {
    Map<String, Map<String, Object>> trees =
        Manifests.render(OVERLAYS.resolve("prod"), "monitoring", "warm", "worker-autoscaler");
    trees.put("Secret/todo-secrets", Yaml.document(TEMPLATE));
    Cluster cluster = new Cluster(trees);
    String alerts = Yaml.read(Yaml.DEPLOY.resolve("prometheus/alerts.yml"));
    V2HorizontalPodAutoscaler workers = cluster.all(V2HorizontalPodAutoscaler.class).stream()
        .filter(scaler -> Cluster.name(scaler).equals("todo-worker"))
        .findAny()
        .orElseThrow();
    V1CronJob warm = cluster.all(V1CronJob.class).get(0);

    assertThat(breaches(trees)).isEmpty();
    assertThat(workers.getSpec().getMetrics())
        .filteredOn(metric -> metric.getType().equals("External"))
        .singleElement()
        .satisfies(metric -> {
          V2MetricIdentifier asked = metric.getExternal().getMetric();
          assertThat(alerts).contains(asked.getName() + "{state=\"waiting\"}");
          assertThat(asked.getSelector().getMatchLabels())
              .containsOnly(Map.entry("queue", Notifications.QUEUE), Map.entry("state", "waiting"));
        });
    assertThat(warm.getSpec().getSuspend()).isTrue();
    assertThat(warm.getSpec().getConcurrencyPolicy()).isEqualTo("Forbid");
    V1PodSpec pod = warm.getSpec().getJobTemplate().getSpec().getTemplate().getSpec();
    assertThat(pod.getRestartPolicy()).isEqualTo("Never");
    assertThat(pod.getContainers())
        .singleElement()
        .satisfies(container -> assertThat(container.getArgs()).containsExactly("warm"))
        .extracting(V1Container::getImage)
        .isEqualTo(container(cluster, "todo-api").getImage());
  }

  @Test
  void warmReachesTheStoresByTheServicesOwnWay() {
    Map<String, Map<String, Object>> trees = Manifests.render(OVERLAYS.resolve("dev"), "warm");
    Cluster cluster = new Cluster(trees);
    V1CronJob warm = cluster.all(V1CronJob.class).get(0);
    Map<String, String> pod =
        warm.getSpec().getJobTemplate().getSpec().getTemplate().getMetadata().getLabels();

    assertThat(breaches(trees)).isEmpty();
    assertThat(namesOf(cluster, policy -> Cluster.matches(policy.getSpec().getPodSelector(), pod)))
        .containsExactlyInAnyOrder("default-deny", "allow-dns", "allow-stores");
    assertThat(namesOf(cluster, policy -> admits(policy, pod)))
        .containsExactlyInAnyOrder("allow-mongodb", "allow-redis");

    Cluster inProduction = new Cluster(Manifests.render(OVERLAYS.resolve("prod"), "warm"));
    assertThat(namesOf(
            inProduction, policy -> Cluster.matches(policy.getSpec().getPodSelector(), pod)))
        .containsExactlyInAnyOrder("default-deny", "allow-dns", "allow-stores");
  }

  @Test
  void anEndedWarmDoesNotStandInTheWayOfTheNext() {
    Cluster cluster = new Cluster(Manifests.render(OVERLAYS.resolve("prod"), "warm"));
    V1CronJob warm = cluster.all(V1CronJob.class).get(0);

    assertThat(warm.getSpec().getJobTemplate().getSpec().getTtlSecondsAfterFinished())
        .isPositive();
    assertThat(Yaml.read(Path.of("..", "docs", "deployment.md")))
        .contains("create job \"warm-$(date +%s)\" --from=cronjob/" + Cluster.name(warm));
  }

  private static List<String> namesOf(Cluster cluster, Predicate<V1NetworkPolicy> which) {
    return cluster.all(V1NetworkPolicy.class).stream()
        .filter(which)
        .map(Cluster::name)
        .toList();
  }

  /** Tells whether one of the pods in the namespace that {@code policy} lets in is {@code pod}. */
  private static boolean admits(V1NetworkPolicy policy, Map<String, String> pod) {
    return Stream.ofNullable(policy.getSpec().getIngress())
        .flatMap(List::stream)
        .flatMap(rule -> Stream.ofNullable(rule.getFrom()).flatMap(List::stream))
        .anyMatch(peer -> peer.getPodSelector() != null
            && peer.getNamespaceSelector() == null
            && Cluster.matches(peer.getPodSelector(), pod));
  }

  @Test
  void theAdaptersRuleIsTheMetricThatWorkersFollow() {
    Cluster cluster = new Cluster(Manifests.render(OVERLAYS.resolve("prod"), "worker-autoscaler"));
    String followed = cluster.all(V2HorizontalPodAutoscaler.class).stream()
        .flatMap(scaler -> scaler.getSpec().getMetrics().stream())
        .filter(metric -> metric.getType().equals("External"))
        .map(metric -> metric.getExternal().getMetric().getName())
        .findAny()
        .orElseThrow();
    Map<String, Object> rule = Yaml.map(
        Yaml.list(Yaml.document(Yaml.DEPLOY.resolve("prometheus/adapter.yml")).get("externalRules"))
            .get(0));

    assertThat(Yaml.map(rule.get("name"))).containsEntry("as", followed);
    assertThat((String) rule.get("seriesQuery")).startsWith(followed + "{");
    // Each process tells of the whole queue.
    assertThat((String) rule.get("metricsQuery")).startsWith("max(");
  }

  @Test
  void productionEndsWithAFirstUserMailThatLeavesAndTrustedProxies() {
    Map<String, String> settings = settings(
        Yaml.map(production().get("ConfigMap/todo-config").get("data")),
        Map.of(
            "jwt-secret", "of-a-test-of-a-test-of-a-test-of-a-test",
            "mongo-uri", "mongodb://mongo.example.com/todoapp",
            "redis-url", "rediss://redis.example.com:6379",
            "smtp-url", "smtps://u:p@mail.example.com:465?from=a@example.com&to=b@example.com",
            "first-user-password", "of a test"));
    TodoSettings read = TestSettings.of(settings);

    assertThat(read.mode()).isEqualTo(TodoSettings.Mode.PRODUCTION);
    assertThat(read.smtpUrl()).isPresent();
    assertThat(read.listing())
        .filteredOn(setting -> setting.key().equals("FIRST_USER"))
        .singleElement()
        .extracting(Setting::value)
        .isEqualTo("admin");
    assertThat(settings.get("TRUSTED_PROXIES")).contains("10.0.0.0/8");
  }

  /** Returns the settings of {@code config}, with what {@code secret} holds in place of its files. */
  private static Map<String, String> settings(
      Map<String, Object> config, Map<String, String> secret) {
    Map<String, String> settings = new TreeMap<>();
    config.forEach((key, value) -> {
      if (key.endsWith("_FILE")) {
        String file = ((String) value).replaceFirst("^/run/secrets/todo/", "");
        assertThat(secret).containsKey(file);
        settings.put(key.substring(0, key.length() - "_FILE".length()), secret.get(file));
      } else {
        settings.put(key, (String) value);
      }
    });
    return settings;
  }

  @Test
  void theRuleOfTheOperatorHoldsTheAlertsOfTheFile() {
    Path rule = COMPONENTS.resolve("monitoring/prometheus-rule.yaml");
    Path alerts = Yaml.DEPLOY.resolve("prometheus/alerts.yml");

    assertThat(Yaml.document(rule).get("spec")).isEqualTo(Yaml.document(alerts));
  }

  @Test
  void kustomizeMakesOfTheSourcesWhatIsRenderedHere() throws IOException {
    Optional<Path> kubectl = Tool.find("kubectl");
    assumeTrue(kubectl.isPresent(), "NOT RUN: kubectl kustomize: there is no kubectl");
    Path copy = directory.resolve("k8s");
    try (Stream<Path> files = Files.walk(Manifests.KUBERNETES)) {
      for (Path file : files.toList()) {
        Files.copy(file, copy.resolve(Manifests.KUBERNETES.relativize(file).toString()));
      }
    }
    Path all = Files.createDirectory(copy.resolve("overlays/all"));
    Files.writeString(all.resolve("kustomization.yaml"), """
        resources: [../../base]
        components:
          - ../../components/load-balancer
          - ../../components/monitoring
          - ../../components/warm
          - ../../components/worker-autoscaler
        """);

    Map<Path, Map<String, Map<String, Object>>> rendered = Map.of(
        copy.resolve("overlays/dev"),
        dev(),
        copy.resolve("overlays/prod"),
        Manifests.render(OVERLAYS.resolve("prod")),
        all,
        Manifests.render(
            Manifests.KUBERNETES.resolve("base"),
            "load-balancer",
            "monitoring",
            "warm",
            "worker-autoscaler"));
    rendered.forEach((overlay, ours) -> {
      Tool.Outcome made =
          Tool.run(directory, List.of(kubectl.get().toString(), "kustomize", overlay.toString()));
      assertThat(made.code()).as(made.output()).isZero();
      Path file = directory.resolve(overlay.getFileName() + ".yaml");
      write(file, made.output());
      assertThat(Manifests.file(file)).as(overlay.toString()).isEqualTo(ours);
    });
  }

  private static void write(Path file, String text) {
    try {
      Files.writeString(file, text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @ParameterizedTest
  @MethodSource("io.github.scalingtoolkit.todo.deploy.SeededMistakes#inProduction")
  void aSeededMistakeInProductionIsFoundByThePolicyThatIsThereForIt(
      SeededMistakes.Mistake mistake) {
    Map<String, Map<String, Object>> trees = production();
    mistake.makeIn(trees);

    assertThat(breaches(trees)).anyMatch(breach -> breach.startsWith(mistake.policy() + ": "));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Issuer/letsencrypt spec.acme.servers",
        "ServiceMonitor/todo spec.endpoints.0.targetport",
        "PrometheusRule/todo spec.groups.0.rules.0.expression",
        "Ingress/todo spec.rule"
      })
  void aFieldThatAnOperatorDoesNotKnowIsRefused(String place) {
    Map<String, Map<String, Object>> trees = production();
    String[] parts = place.split(" ");
    SeededMistakes.set("", parts[0], parts[1], "x").makeIn(trees);

    assertThatThrownBy(() -> new Cluster(trees))
        .hasMessageContaining(parts[0])
        .hasMessageContaining(parts[1].substring(parts[1].lastIndexOf('.') + 1));
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
    Set<String> seeded = Stream.concat(SeededMistakes.all(), SeededMistakes.inProduction())
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
  void eachKeyOfTheConfigMapIsASettingAndItsFilesAreOfTheSecret() {
    Map<String, Object> dev = Yaml.map(dev().get("ConfigMap/todo-config").get("data"));
    Map<String, Object> production =
        Yaml.map(production().get("ConfigMap/todo-config").get("data"));
    Set<String> known =
        TestSettings.of(Map.of()).listing().stream().map(Setting::key).collect(Collectors.toSet());
    assertThat(known)
        .containsAll(production.keySet().stream()
            .map(key -> key.replaceFirst("_FILE$", ""))
            .toList());
    Map<String, Object> template = Yaml.map(Yaml.document(TEMPLATE).get("stringData"));
    Map<String, Object> made = Yaml.map(dev().get("Secret/todo-secrets").get("stringData"));

    assertThat(template.keySet()).isEqualTo(files(production));
    assertThat(template.values()).as("a template holds no secret").containsOnly("");
    assertThat(made.keySet()).isEqualTo(files(dev));
    Map<String, String> secret = new TreeMap<>();
    made.forEach((key, value) -> secret.put(key, (String) value));
    assertThat(TestSettings.of(settings(dev, secret)).mode())
        .isEqualTo(TodoSettings.Mode.PRODUCTION);
  }

  private static Set<String> files(Map<String, Object> config) {
    return config.entrySet().stream()
        .filter(entry -> entry.getKey().endsWith("_FILE"))
        .map(entry -> ((String) entry.getValue()).replaceFirst("^/run/secrets/todo/", ""))
        .collect(Collectors.toCollection(TreeSet::new));
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
