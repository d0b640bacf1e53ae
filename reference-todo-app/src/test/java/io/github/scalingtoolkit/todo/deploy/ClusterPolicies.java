package io.github.scalingtoolkit.todo.deploy;

import io.github.scalingtoolkit.todo.deploy.Cluster.Workload;
import io.kubernetes.client.custom.IntOrString;
import io.kubernetes.client.openapi.models.V1ConfigMap;
import io.kubernetes.client.openapi.models.V1Deployment;
import io.kubernetes.client.openapi.models.V1Ingress;
import io.kubernetes.client.openapi.models.V1IngressRule;
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
import java.util.Map;
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
              : Stream.of("there is no NetworkPolicy that lets every pod ask port 53")),
      new Policy("dangling-ingress", ClusterPolicies::backendsThatAreNotThere),
      new Policy(
          "ingress-without-tls",
          cluster -> cluster.all(V1Ingress.class).stream()
              .filter(ingress -> !hostsOfTls(ingress)
                  .containsAll(ingress.getSpec().getRules().stream()
                      .map(V1IngressRule::getHost)
                      .toList()))
              .map(Cluster::name)),
      new Policy(
          "ingress-without-an-issuer",
          cluster -> cluster.all(V1Ingress.class).stream()
              .filter(ingress -> cluster.all(CustomResources.Issuer.class).stream()
                  .noneMatch(issuer -> Cluster.name(issuer).equals(issuerOf(ingress))))
              .map(Cluster::name)),
      new Policy(
          "load-balancer-hides-clients",
          cluster -> cluster.all(V1Service.class).stream()
              .filter(service -> "LoadBalancer".equals(service.getSpec().getType())
                  && !"Local".equals(service.getSpec().getExternalTrafficPolicy()))
              .map(Cluster::name)),
      new Policy(
          "ingress-hides-clients",
          cluster -> cluster.all(V1Ingress.class).stream()
              .filter(ingress -> !configOf(cluster).containsKey("TRUSTED_PROXIES"))
              .map(Cluster::name)),
      new Policy(
          "anybody-is-a-trusted-proxy",
          cluster -> configOf(cluster).containsKey("TRUSTED_PROXIES")
              ? cluster.all(V1NetworkPolicy.class).stream()
                  .filter(policy -> ingress(policy).stream().anyMatch(ClusterPolicies::isForAll))
                  .map(Cluster::name)
              : Stream.of()),
      new Policy(
          "mail-cannot-leave",
          cluster -> configOf(cluster).containsKey("SMTP_URL_FILE")
                  && cluster.all(V1NetworkPolicy.class).stream()
                      .noneMatch(ClusterPolicies::letsWorkersSendMail)
              ? Stream.of("no NetworkPolicy lets the workers submit mail")
              : Stream.of()),
      new Policy("dangling-service-monitor", ClusterPolicies::monitorsThatLeadNowhere));

  private static final String CHALLENGES = "acme.cert-manager.io/";

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
        .flatMap(container -> Cluster.ports(container).stream())
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
      if (isForOthersPods(policy)) {
        continue;
      }
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

  private static Map<String, String> configOf(Cluster cluster) {
    return cluster.all(V1ConfigMap.class).stream()
        .filter(config -> Cluster.name(config).equals("todo-config"))
        .findAny()
        .map(V1ConfigMap::getData)
        .orElse(Map.of());
  }

  private static Stream<String> backendsThatAreNotThere(Cluster cluster) {
    return cluster.all(V1Ingress.class).stream()
        .filter(ingress -> ingress.getSpec().getRules().stream()
            .flatMap(rule -> rule.getHttp().getPaths().stream())
            .map(path -> path.getBackend().getService())
            .anyMatch(backend -> cluster.all(V1Service.class).stream()
                .noneMatch(service -> Cluster.name(service).equals(backend.getName())
                    && service.getSpec().getPorts().stream()
                        .anyMatch(
                            port -> port.getName().equals(backend.getPort().getName())))))
        .map(Cluster::name);
  }

  private static List<String> hostsOfTls(V1Ingress ingress) {
    return ingress.getSpec().getTls() == null
        ? List.of()
        : ingress.getSpec().getTls().stream()
            .flatMap(tls -> tls.getHosts().stream())
            .toList();
  }

  private static @Nullable String issuerOf(V1Ingress ingress) {
    Map<String, String> annotations = ingress.getMetadata().getAnnotations();
    return annotations == null ? null : annotations.get("cert-manager.io/issuer");
  }

  private static boolean isForAll(V1NetworkPolicyIngressRule rule) {
    return rule.getFrom() == null || rule.getFrom().isEmpty();
  }

  private static boolean letsWorkersSendMail(V1NetworkPolicy policy) {
    return Cluster.matches(policy.getSpec().getPodSelector(), Map.of("app", "todo-worker"))
        && egress(policy).stream()
            .flatMap(rule -> rule.getPorts().stream())
            .map(V1NetworkPolicyPort::getPort)
            .anyMatch(port -> port.isInteger() && List.of(465, 587).contains(port.getIntValue()));
  }

  private static Stream<String> monitorsThatLeadNowhere(Cluster cluster) {
    return cluster.all(CustomResources.ServiceMonitor.class).stream()
        .filter(monitor -> !monitor.spec.endpoints.stream()
            .allMatch(endpoint -> cluster.all(V1Service.class).stream()
                .filter(service -> Cluster.matches(
                    monitor.spec.selector,
                    Objects.requireNonNullElse(service.getMetadata().getLabels(), Map.of())))
                .anyMatch(service -> service.getSpec().getPorts().stream()
                    .anyMatch(port -> endpoint.port.equals(port.getName())))))
        .map(Cluster::name);
  }

  /** Tells whether {@code policy} is for pods that cert-manager makes. */
  private static boolean isForOthersPods(V1NetworkPolicy policy) {
    Map<String, String> labels = policy.getSpec().getPodSelector().getMatchLabels();
    return labels != null
        && !labels.isEmpty()
        && labels.keySet().stream().allMatch(label -> label.startsWith(CHALLENGES));
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
