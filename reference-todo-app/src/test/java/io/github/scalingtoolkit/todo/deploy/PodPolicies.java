package io.github.scalingtoolkit.todo.deploy;

import io.github.scalingtoolkit.todo.deploy.Cluster.Workload;
import io.kubernetes.client.custom.IntOrString;
import io.kubernetes.client.custom.Quantity;
import io.kubernetes.client.openapi.models.V1Capabilities;
import io.kubernetes.client.openapi.models.V1Container;
import io.kubernetes.client.openapi.models.V1EnvVar;
import io.kubernetes.client.openapi.models.V1PodSecurityContext;
import io.kubernetes.client.openapi.models.V1PodSpec;
import io.kubernetes.client.openapi.models.V1Probe;
import io.kubernetes.client.openapi.models.V1SecurityContext;
import io.kubernetes.client.openapi.models.V1TopologySpreadConstraint;
import io.kubernetes.client.openapi.models.V1Volume;
import io.kubernetes.client.openapi.models.V1VolumeMount;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.BiPredicate;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What each pod and each container has to keep to: restricted pod security, and kube-linter's default-on checks. */
final class PodPolicies {
  static final List<Policy> ALL = List.of(
      container("latest-tag", container -> !container.getImage().matches("[^:@]+:(?!latest$).+")),
      container("privileged-container", context(context -> isTrue(context.getPrivileged()))),
      container(
          "privilege-escalation-container",
          context(context -> !isFalse(context.getAllowPrivilegeEscalation()))),
      container(
          "no-read-only-root-fs", context(context -> !isTrue(context.getReadOnlyRootFilesystem()))),
      container(
          "drop-net-raw-capability", context(context -> !dropsAll(context.getCapabilities()))),
      pod("run-as-non-root", pod -> security(pod, PodPolicies::mayBeRoot)),
      container(
          "run-as-non-root",
          container -> container.getSecurityContext() != null
              && (isFalse(container.getSecurityContext().getRunAsNonRoot())
                  || isRoot(container.getSecurityContext().getRunAsUser()))),
      pod(
          "seccomp-profile",
          pod -> security(
              pod,
              context -> context.getSeccompProfile() == null
                  || !context.getSeccompProfile().getType().equals("RuntimeDefault"))),
      pod(
          "unsafe-sysctls",
          pod -> security(
              pod,
              context -> context.getSysctls() != null && !context.getSysctls().isEmpty())),
      pod("host-network", pod -> isTrue(pod.getHostNetwork())),
      pod("host-pid", pod -> isTrue(pod.getHostPID())),
      pod("host-ipc", pod -> isTrue(pod.getHostIPC())),
      pod(
          "sensitive-host-mounts",
          pod -> volumes(pod).anyMatch(volume -> volume.getHostPath() != null)),
      pod("service-account-token", pod -> !isFalse(pod.getAutomountServiceAccountToken())),
      pod("deprecated-service-account-field", pod -> pod.getServiceAccount() != null),
      // There is no ServiceAccount among our manifests: whatever is named is not there.
      pod("non-existent-service-account", pod -> pod.getServiceAccountName() != null),
      pod("service-links", pod -> !isFalse(pod.getEnableServiceLinks())),
      container("unset-cpu-requirements", container -> !asks(container, "cpu")),
      container(
          "unset-memory-requirements",
          container -> !asks(container, "memory")
              || container.getResources().getLimits() == null
              || !container.getResources().getLimits().containsKey("memory")),
      container("env-var-secret", container -> env(container).anyMatch(PodPolicies::showsSecret)),
      container(
          "duplicate-env-var", container -> hasDuplicates(env(container).map(V1EnvVar::getName))),
      probe("liveness-port", V1Container::getLivenessProbe),
      probe("readiness-port", V1Container::getReadinessProbe),
      probe("startup-port", V1Container::getStartupProbe),
      container("probe-off-the-admin-port", PodPolicies::asksAnotherThanTheAdminPort),
      container(
          "ssh-port",
          container -> Cluster.ports(container).stream()
              .anyMatch(port -> port.getContainerPort() == 22 || port.getHostPort() != null)),
      workload(
          "mismatching-selector",
          (cluster, workload) -> !Cluster.matches(workload.selector(), workload.labels())),
      workload(
          "no-anti-affinity",
          (cluster, workload) -> workload.name().startsWith("Deployment/") && !isSpread(workload)),
      workload("dangling-mount", (cluster, workload) -> !mountsFit(workload)));

  private PodPolicies() {}

  private static Policy workload(String name, BiPredicate<Cluster, Workload> isBreach) {
    return new Policy(
        name,
        cluster -> cluster.workloads().stream()
            .filter(workload -> isBreach.test(cluster, workload))
            .map(Workload::name));
  }

  private static Policy pod(String name, Predicate<V1PodSpec> isBreach) {
    return workload(name, (cluster, workload) -> isBreach.test(workload.pod()));
  }

  private static Policy container(String name, Predicate<V1Container> isBreach) {
    return workload(name, (cluster, workload) -> workload.containers().stream().anyMatch(isBreach));
  }

  private static Predicate<V1Container> context(Predicate<V1SecurityContext> isBreach) {
    return container ->
        container.getSecurityContext() == null || isBreach.test(container.getSecurityContext());
  }

  private static boolean security(V1PodSpec pod, Predicate<V1PodSecurityContext> isBreach) {
    return pod.getSecurityContext() == null || isBreach.test(pod.getSecurityContext());
  }

  private static boolean mayBeRoot(V1PodSecurityContext context) {
    return !isTrue(context.getRunAsNonRoot())
        || context.getRunAsUser() == null
        || isRoot(context.getRunAsUser());
  }

  private static boolean isRoot(@Nullable Long user) {
    return user != null && user == 0;
  }

  private static boolean dropsAll(@Nullable V1Capabilities capabilities) {
    return capabilities != null
        && capabilities.getDrop() != null
        && capabilities.getDrop().contains("ALL")
        && (capabilities.getAdd() == null || capabilities.getAdd().isEmpty());
  }

  private static boolean asks(V1Container container, String resource) {
    Map<String, Quantity> requests =
        container.getResources() == null ? null : container.getResources().getRequests();
    return requests != null
        && requests.containsKey(resource)
        && requests.get(resource).getNumber().signum() > 0;
  }

  private static boolean showsSecret(V1EnvVar variable) {
    boolean fromSecret =
        variable.getValueFrom() != null && variable.getValueFrom().getSecretKeyRef() != null;
    return fromSecret
        || (variable.getValue() != null
            && variable.getName().matches("(?i).*(secret|password|token|_uri|_url)")
            && !variable.getName().endsWith("_FILE"));
  }

  /** Where a container runs on, each probe is there and asks at a port that its container names. */
  private static Policy probe(String name, Function<V1Container, @Nullable V1Probe> which) {
    Predicate<V1Container> isBreach = asksNoPort(which);
    return workload(
        name,
        (cluster, workload) ->
            workload.runsOn() && workload.containers().stream().anyMatch(isBreach));
  }

  private static Predicate<V1Container> asksNoPort(Function<V1Container, @Nullable V1Probe> which) {
    return container -> {
      V1Probe probe = which.apply(container);
      if (probe == null) {
        return true;
      }
      IntOrString port = probe.getHttpGet() != null
          ? probe.getHttpGet().getPort()
          : probe.getTcpSocket().getPort();
      return container.getPorts().stream()
          .noneMatch(declared -> port.isInteger()
              ? declared.getContainerPort().equals(port.getIntValue())
              : port.getStrValue().equals(declared.getName()));
    };
  }

  /** Where there is an admin port, the public one knows nothing of health. */
  private static boolean asksAnotherThanTheAdminPort(V1Container container) {
    return Cluster.ports(container).stream().anyMatch(port -> "admin".equals(port.getName()))
        && Stream.of(
                container.getStartupProbe(),
                container.getReadinessProbe(),
                container.getLivenessProbe())
            .filter(Objects::nonNull)
            .anyMatch(probe -> probe.getHttpGet() == null
                || !"admin".equals(probe.getHttpGet().getPort().toString()));
  }

  private static boolean isSpread(Workload workload) {
    Set<String> over = new HashSet<>();
    if (workload.pod().getTopologySpreadConstraints() != null) {
      for (V1TopologySpreadConstraint spread : workload.pod().getTopologySpreadConstraints()) {
        if (Cluster.matches(spread.getLabelSelector(), workload.labels())) {
          over.add(spread.getTopologyKey());
        }
      }
    }
    return over.equals(Set.of("topology.kubernetes.io/zone", "kubernetes.io/hostname"));
  }

  /** Each mount has its volume, each volume its mount, and no two mounts are at one path. */
  private static boolean mountsFit(Workload workload) {
    Set<String> volumes = volumes(workload.pod())
        .map(V1Volume::getName)
        .collect(Collectors.toCollection(HashSet::new));
    if (workload.name().startsWith("StatefulSet/")) {
      volumes.add("data");
    }
    List<V1VolumeMount> mounts = new ArrayList<>();
    workload.containers().forEach(container -> mounts.addAll(container.getVolumeMounts()));
    Set<String> mounted = mounts.stream().map(V1VolumeMount::getName).collect(Collectors.toSet());
    return mounted.equals(volumes)
        && !hasDuplicates(mounts.stream().map(V1VolumeMount::getMountPath));
  }

  private static Stream<V1Volume> volumes(V1PodSpec pod) {
    return pod.getVolumes() == null ? Stream.of() : pod.getVolumes().stream();
  }

  private static Stream<V1EnvVar> env(V1Container container) {
    return container.getEnv() == null ? Stream.of() : container.getEnv().stream();
  }

  private static boolean hasDuplicates(Stream<String> names) {
    Set<String> seen = new HashSet<>();
    return names.anyMatch(name -> !seen.add(name));
  }

  private static boolean isTrue(@Nullable Boolean value) {
    return Boolean.TRUE.equals(value);
  }

  private static boolean isFalse(@Nullable Boolean value) {
    return Boolean.FALSE.equals(value);
  }
}
