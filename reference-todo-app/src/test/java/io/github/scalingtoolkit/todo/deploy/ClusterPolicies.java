package io.github.scalingtoolkit.todo.deploy;

import io.github.scalingtoolkit.todo.deploy.Cluster.Workload;
import io.kubernetes.client.custom.IntOrString;
import io.kubernetes.client.openapi.models.V1ConfigMap;
import io.kubernetes.client.openapi.models.V1Deployment;
import io.kubernetes.client.openapi.models.V1LabelSelector;
import io.kubernetes.client.openapi.models.V1NetworkPolicy;
import io.kubernetes.client.openapi.models.V1NetworkPolicyEgressRule;
import io.kubernetes.client.openapi.models.V1NetworkPolicyIngressRule;
import io.kubernetes.client.openapi.models.V1NetworkPolicyPort;
import io.kubernetes.client.openapi.models.V1PodDisruptionBudget;
import io.kubernetes.client.openapi.models.V1Secret;
import io.kubernetes.client.openapi.models.V1Service;
import io.kubernetes.client.openapi.models.V1ServicePort;
import io.kubernetes.client.openapi.models.V1StatefulSet;
import io.kubernetes.client.openapi.models.V1Volume;
import io.kubernetes.client.openapi.models.V2HorizontalPodAutoscaler;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What objects have to be to each other: no name, selector or port that leads nowhere, and no workload unguarded. */
final class ClusterPolicies {
  static final List<Policy> ALL = List.of(
      new Policy(
          "dangling-service",
          cluster -> cluster.all(V1Service.class).stream()
              .filter(service -> podsOf(cluster, service).isEmpty())
              .map(Cluster::name)),
      new Policy("invalid-target-ports", ClusterPolicies::portsThatLeadNowhere),
      new Policy(
          "dangling-config",
          cluster -> cluster.workloads().stream()
              .filter(workload -> !configIsThere(cluster, workload))
              .map(Workload::name)),
      new Policy(
          "dangling-secret",
          cluster -> cluster.workloads().stream()
              .filter(workload -> !secretsAreThere(cluster, workload))
              .map(Workload::name)),
      new Policy(
          "dangling-stateful-set-service",
          cluster -> cluster.all(V1StatefulSet.class).stream()
              .filter(set -> !cluster.has(V1Service.class, set.getSpec().getServiceName()))
              .map(Cluster::name)),
      new Policy(
          "dangling-horizontalpodautoscaler",
          cluster -> cluster.all(V2HorizontalPodAutoscaler.class).stream()
              .filter(scaler -> target(cluster, scaler) == null)
              .map(Cluster::name)),
      new Policy(
          "replicas-beside-an-autoscaler",
          cluster -> cluster.all(V2HorizontalPodAutoscaler.class).stream()
              .filter(scaler -> target(cluster, scaler) != null
                  && target(cluster, scaler).getSpec().getReplicas() != null)
              .map(Cluster::name)),
      new Policy(
          "hpa-minimum-three-replicas",
          cluster -> cluster.all(V2HorizontalPodAutoscaler.class).stream()
              .filter(scaler -> scaler.getSpec().getMinReplicas() == null
                  || scaler.getSpec().getMinReplicas() < 3)
              .map(Cluster::name)),
      new Policy(
          "rolling-update-strategy",
          cluster -> cluster.all(V1Deployment.class).stream()
              .filter(deployment -> !neverLacksPods(deployment))
              .map(Cluster::name)),
      new Policy(
          "no-pod-disruption-budget",
          cluster -> cluster.workloads().stream()
              .filter(workload -> workload.name().startsWith("Deployment/"))
              .filter(workload -> cluster.all(V1PodDisruptionBudget.class).stream()
                  .noneMatch(
                      budget -> Cluster.matches(budget.getSpec().getSelector(), workload.labels())))
              .map(Workload::name)),
      new Policy(
          "pdb-max-unavailable",
          cluster -> budgets(cluster)
              .filter(budget -> budget.getSpec().getMinAvailable() != null
                  || budget.getSpec().getMaxUnavailable() == null
                  || isZero(budget.getSpec().getMaxUnavailable()))
              .map(Cluster::name)),
      new Policy(
          "pdb-unhealthy-pod-eviction-policy",
          cluster -> budgets(cluster)
              .filter(
                  budget -> !"AlwaysAllow".equals(budget.getSpec().getUnhealthyPodEvictionPolicy()))
              .map(Cluster::name)),
      new Policy(
          "dangling-pod-disruption-budget",
          cluster -> budgets(cluster)
              .filter(
                  budget -> cluster.selectedBy(budget.getSpec().getSelector()).isEmpty())
              .map(Cluster::name)),
      new Policy("dangling-network-policy", ClusterPolicies::networkPoliciesThatLeadNowhere),
      new Policy("dangling-network-policy-peer", ClusterPolicies::peersThatAreNotThere),
      new Policy(
          "no-default-deny",
          cluster ->
              cluster.all(V1NetworkPolicy.class).stream().anyMatch(ClusterPolicies::deniesAll)
                  ? Stream.of()
                  : Stream.of("there is no NetworkPolicy that denies all")),
      new Policy(
          "no-name-resolution",
          cluster -> cluster.all(V1NetworkPolicy.class).stream()
                  .anyMatch(ClusterPolicies::letsEveryPodResolveNames)
              ? Stream.of()
              : Stream.of("there is no NetworkPolicy that lets every pod ask port 53")));

  private ClusterPolicies() {}

  private static Stream<V1PodDisruptionBudget> budgets(Cluster cluster) {
    return cluster.all(V1PodDisruptionBudget.class).stream();
  }

  private static List<Workload> podsOf(Cluster cluster, V1Service service) {
    return cluster.selectedBy(
        new V1LabelSelector().matchLabels(service.getSpec().getSelector()));
  }

  private static Stream<String> portsThatLeadNowhere(Cluster cluster) {
    List<String> breaches = new ArrayList<>();
    for (V1Service service : cluster.all(V1Service.class)) {
      for (V1ServicePort port : service.getSpec().getPorts()) {
        for (Workload pods : podsOf(cluster, service)) {
          if (!hasPort(pods, port.getTargetPort())) {
            breaches.add(Cluster.name(service) + " -> " + pods.name() + ":" + port.getTargetPort());
          }
        }
      }
    }
    return breaches.stream();
  }

  private static boolean hasPort(Workload pods, IntOrString port) {
    return pods.containers().stream()
        .flatMap(container -> container.getPorts().stream())
        .anyMatch(declared -> port.isInteger()
            ? declared.getContainerPort().equals(port.getIntValue())
            : port.getStrValue().equals(declared.getName()));
  }

  private static boolean configIsThere(Cluster cluster, Workload workload) {
    boolean byEnvironment = workload.containers().stream()
        .filter(container -> container.getEnvFrom() != null)
        .flatMap(container -> container.getEnvFrom().stream())
        .allMatch(from -> from.getConfigMapRef() != null
            && cluster.has(V1ConfigMap.class, from.getConfigMapRef().getName()));
    return byEnvironment
        && volumes(workload)
            .filter(volume -> volume.getConfigMap() != null)
            .allMatch(
                volume -> cluster.has(V1ConfigMap.class, volume.getConfigMap().getName()));
  }

  private static boolean secretsAreThere(Cluster cluster, Workload workload) {
    return volumes(workload)
        .filter(volume -> volume.getSecret() != null)
        .allMatch(volume -> cluster.has(V1Secret.class, volume.getSecret().getSecretName()));
  }

  private static Stream<V1Volume> volumes(Workload workload) {
    return workload.pod().getVolumes() == null ? Stream.of() : workload.pod().getVolumes().stream();
  }

  private static @Nullable V1Deployment target(Cluster cluster, V2HorizontalPodAutoscaler scaler) {
    return cluster.all(V1Deployment.class).stream()
        .filter(deployment -> scaler.getSpec().getScaleTargetRef().getKind().equals("Deployment")
            && Cluster.name(deployment)
                .equals(scaler.getSpec().getScaleTargetRef().getName()))
        .findAny()
        .orElse(null);
  }

  private static boolean neverLacksPods(V1Deployment deployment) {
    return deployment.getSpec().getStrategy() != null
        && deployment.getSpec().getStrategy().getRollingUpdate() != null
        && deployment.getSpec().getStrategy().getRollingUpdate().getMaxUnavailable() != null
        && isZero(deployment.getSpec().getStrategy().getRollingUpdate().getMaxUnavailable());
  }

  private static boolean isZero(IntOrString number) {
    return number.isInteger() ? number.getIntValue() == 0 : number.getStrValue().equals("0%");
  }

  /** A policy selects pods, and a port that it names is one of theirs. */
  private static Stream<String> networkPoliciesThatLeadNowhere(Cluster cluster) {
    List<String> breaches = new ArrayList<>();
    for (V1NetworkPolicy policy : cluster.all(V1NetworkPolicy.class)) {
      List<Workload> pods = cluster.selectedBy(policy.getSpec().getPodSelector());
      if (pods.isEmpty()) {
        breaches.add(Cluster.name(policy) + " selects no pod");
      }
      for (V1NetworkPolicyIngressRule rule : ingress(policy)) {
        for (V1NetworkPolicyPort port : rule.getPorts()) {
          if (pods.stream().noneMatch(pod -> hasPort(pod, port.getPort()))) {
            breaches.add(Cluster.name(policy) + " names a port that its pods lack");
          }
        }
      }
    }
    return breaches.stream();
  }

  /** A peer in the same namespace is one of our workloads. */
  private static Stream<String> peersThatAreNotThere(Cluster cluster) {
    return cluster.all(V1NetworkPolicy.class).stream()
        .filter(policy -> Stream.concat(
                ingress(policy).stream().map(V1NetworkPolicyIngressRule::getFrom),
                egress(policy).stream().map(V1NetworkPolicyEgressRule::getTo))
            .filter(Objects::nonNull)
            .flatMap(List::stream)
            .filter(peer -> peer.getPodSelector() != null && peer.getNamespaceSelector() == null)
            .anyMatch(peer -> cluster.selectedBy(peer.getPodSelector()).isEmpty()))
        .map(Cluster::name);
  }

  private static List<V1NetworkPolicyIngressRule> ingress(V1NetworkPolicy policy) {
    return policy.getSpec().getIngress() == null ? List.of() : policy.getSpec().getIngress();
  }

  private static List<V1NetworkPolicyEgressRule> egress(V1NetworkPolicy policy) {
    return policy.getSpec().getEgress() == null ? List.of() : policy.getSpec().getEgress();
  }

  private static boolean selectsAll(V1NetworkPolicy policy) {
    return new V1LabelSelector().equals(policy.getSpec().getPodSelector());
  }

  private static boolean deniesAll(V1NetworkPolicy policy) {
    return selectsAll(policy)
        && policy.getSpec().getPolicyTypes().containsAll(List.of("Ingress", "Egress"))
        && ingress(policy).isEmpty()
        && egress(policy).isEmpty();
  }

  private static boolean letsEveryPodResolveNames(V1NetworkPolicy policy) {
    return selectsAll(policy)
        && egress(policy).stream()
            .flatMap(rule -> rule.getPorts().stream())
            .filter(port -> port.getPort().isInteger() && port.getPort().getIntValue() == 53)
            .map(V1NetworkPolicyPort::getProtocol)
            .toList()
            .containsAll(List.of("UDP", "TCP"));
  }
}
