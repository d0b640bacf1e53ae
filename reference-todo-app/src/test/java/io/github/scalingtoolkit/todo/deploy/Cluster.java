package io.github.scalingtoolkit.todo.deploy;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonPrimitive;
import com.google.gson.JsonSerializer;
import io.kubernetes.client.common.KubernetesObject;
import io.kubernetes.client.openapi.models.V1ConfigMap;
import io.kubernetes.client.openapi.models.V1Container;
import io.kubernetes.client.openapi.models.V1ContainerPort;
import io.kubernetes.client.openapi.models.V1CronJob;
import io.kubernetes.client.openapi.models.V1Deployment;
import io.kubernetes.client.openapi.models.V1Ingress;
import io.kubernetes.client.openapi.models.V1LabelSelector;
import io.kubernetes.client.openapi.models.V1LabelSelectorRequirement;
import io.kubernetes.client.openapi.models.V1Namespace;
import io.kubernetes.client.openapi.models.V1NetworkPolicy;
import io.kubernetes.client.openapi.models.V1PodDisruptionBudget;
import io.kubernetes.client.openapi.models.V1PodSpec;
import io.kubernetes.client.openapi.models.V1PodTemplateSpec;
import io.kubernetes.client.openapi.models.V1Secret;
import io.kubernetes.client.openapi.models.V1Service;
import io.kubernetes.client.openapi.models.V1StatefulSet;
import io.kubernetes.client.openapi.models.V2HorizontalPodAutoscaler;
import java.io.IOException;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Manifests as Kubernetes' own typed model has them: what the model does not know, and what it asks for and is not
 * there, is refused.
 */
final class Cluster {
  private static final Gson GSON = new GsonBuilder()
      // Gson must not look into the JDK's classes; manifests say no times.
      .registerTypeAdapter(OffsetDateTime.class, (JsonSerializer<OffsetDateTime>)
          (time, type, context) -> new JsonPrimitive(time.toString()))
      .create();

  private interface Validation {
    void check(JsonElement json) throws IOException;
  }

  private record Kind(Class<? extends KubernetesObject> type, Validation validation) {}

  private static final Map<String, Kind> KINDS = Map.ofEntries(
      kind("v1/Namespace", V1Namespace.class, V1Namespace::validateJsonElement),
      kind("v1/ConfigMap", V1ConfigMap.class, V1ConfigMap::validateJsonElement),
      kind("v1/Secret", V1Secret.class, V1Secret::validateJsonElement),
      kind("v1/Service", V1Service.class, V1Service::validateJsonElement),
      kind("apps/v1/Deployment", V1Deployment.class, V1Deployment::validateJsonElement),
      kind("apps/v1/StatefulSet", V1StatefulSet.class, V1StatefulSet::validateJsonElement),
      kind(
          "autoscaling/v2/HorizontalPodAutoscaler",
          V2HorizontalPodAutoscaler.class,
          V2HorizontalPodAutoscaler::validateJsonElement),
      kind("batch/v1/CronJob", V1CronJob.class, V1CronJob::validateJsonElement),
      kind(
          "policy/v1/PodDisruptionBudget",
          V1PodDisruptionBudget.class,
          V1PodDisruptionBudget::validateJsonElement),
      kind(
          "networking.k8s.io/v1/NetworkPolicy",
          V1NetworkPolicy.class,
          V1NetworkPolicy::validateJsonElement),
      kind("networking.k8s.io/v1/Ingress", V1Ingress.class, V1Ingress::validateJsonElement),
      kind(
          "cert-manager.io/v1/Issuer", CustomResources.Issuer.class, CustomResources.Issuer::check),
      kind(
          "monitoring.coreos.com/v1/ServiceMonitor",
          CustomResources.ServiceMonitor.class,
          CustomResources.ServiceMonitor::check),
      kind(
          "monitoring.coreos.com/v1/PrometheusRule",
          CustomResources.PrometheusRule.class,
          CustomResources.PrometheusRule::check));

  private final List<KubernetesObject> objects = new ArrayList<>();

  /**
   * Reads {@code trees}.
   *
   * @throws IllegalArgumentException for what does not fit the model
   */
  Cluster(Map<String, Map<String, Object>> trees) {
    trees.forEach((name, tree) -> objects.add(read(name, tree)));
  }

  /** A pod's template, of whatever makes pods of it. */
  record Workload(String name, V1LabelSelector selector, V1PodTemplateSpec template) {
    V1PodSpec pod() {
      return Objects.requireNonNull(template.getSpec());
    }

    List<V1Container> containers() {
      List<V1Container> all = new ArrayList<>(pod().getContainers());
      if (pod().getInitContainers() != null) {
        all.addAll(pod().getInitContainers());
      }
      return all;
    }

    /** Tells whether it runs until it is stopped, and is asked whether it does. */
    boolean runsOn() {
      return !name.startsWith("CronJob/");
    }

    Map<String, String> labels() {
      Map<String, String> labels = template.getMetadata().getLabels();
      return labels == null ? Map.of() : labels;
    }
  }

  <T extends KubernetesObject> List<T> all(Class<T> type) {
    return objects.stream().filter(type::isInstance).map(type::cast).toList();
  }

  <T extends KubernetesObject> boolean has(Class<T> type, String name) {
    return all(type).stream().anyMatch(object -> name(object).equals(name));
  }

  List<Workload> workloads() {
    List<Workload> workloads = new ArrayList<>();
    for (V1Deployment deployment : all(V1Deployment.class)) {
      workloads.add(new Workload(
          "Deployment/" + name(deployment),
          deployment.getSpec().getSelector(),
          deployment.getSpec().getTemplate()));
    }
    for (V1StatefulSet set : all(V1StatefulSet.class)) {
      workloads.add(new Workload(
          "StatefulSet/" + name(set), set.getSpec().getSelector(), set.getSpec().getTemplate()));
    }
    for (V1CronJob job : all(V1CronJob.class)) {
      workloads.add(new Workload(
          "CronJob/" + name(job),
          new V1LabelSelector(),
          job.getSpec().getJobTemplate().getSpec().getTemplate()));
    }
    return workloads;
  }

  /** Returns the workloads whose pods {@code selector} selects. */
  List<Workload> selectedBy(V1LabelSelector selector) {
    return workloads().stream()
        .filter(workload -> matches(selector, workload.labels()))
        .toList();
  }

  static boolean matches(V1LabelSelector selector, Map<String, String> labels) {
    boolean all = selector.getMatchLabels() == null
        || labels.entrySet().containsAll(selector.getMatchLabels().entrySet());
    if (selector.getMatchExpressions() != null) {
      for (V1LabelSelectorRequirement needed : selector.getMatchExpressions()) {
        if (!needed.getOperator().equals("In")) {
          throw new IllegalArgumentException("not rendered here: operator " + needed.getOperator());
        }
        all &= needed.getValues().contains(labels.get(needed.getKey()));
      }
    }
    return all;
  }

  static List<V1ContainerPort> ports(V1Container container) {
    return Objects.requireNonNullElse(container.getPorts(), List.of());
  }

  static String name(KubernetesObject object) {
    return Objects.requireNonNull(object.getMetadata().getName());
  }

  private static KubernetesObject read(String name, Map<String, Object> tree) {
    Kind kind = KINDS.get(tree.get("apiVersion") + "/" + tree.get("kind"));
    if (kind == null) {
      throw new IllegalArgumentException(
          name + " is of a kind that is not known: " + tree.get("apiVersion"));
    }
    try {
      JsonElement json = GSON.toJsonTree(tree);
      kind.validation().check(json);
      return GSON.fromJson(json, kind.type());
    } catch (IOException | RuntimeException misfit) {
      throw new IllegalArgumentException(name + ": " + misfit.getMessage(), misfit);
    }
  }

  private static Map.Entry<String, Kind> kind(
      String name, Class<? extends KubernetesObject> type, Validation validation) {
    return Map.entry(name, new Kind(type, validation));
  }
}
