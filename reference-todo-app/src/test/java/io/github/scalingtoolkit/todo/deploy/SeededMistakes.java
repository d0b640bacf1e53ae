package io.github.scalingtoolkit.todo.deploy;

import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Mistakes that people make in manifests, each with the policy that is to find it. */
final class SeededMistakes {
  private static final String WEB = "Deployment/todo-api";
  private static final String WORKER = "Deployment/todo-worker";
  private static final String POD = "spec.template.spec.";
  private static final String CONTAINER = POD + "containers.0.";

  private SeededMistakes() {}

  /** A value put, or with null taken away, at a path of one object; or, without a path, the object itself taken away. */
  record Mistake(String policy, String object, String path, Object value) {
    void makeIn(Map<String, Map<String, Object>> trees) {
      if (path.isEmpty()) {
        if (trees.remove(object) == null) {
          throw new IllegalArgumentException("there is no " + object);
        }
        return;
      }
      Object at = trees.get(object);
      String[] steps = path.split("\\.", -1);
      for (int i = 0; i < steps.length - 1; i++) {
        at = at instanceof List<?> list
            ? list.get(Integer.parseInt(steps[i]))
            : Yaml.map(at).get(steps[i]);
      }
      String last = steps[steps.length - 1];
      if (at instanceof List<?>) {
        Yaml.list(at).add(Integer.parseInt(last), value);
      } else if (value != null) {
        Yaml.map(at).put(last, value);
      } else if (Yaml.map(at).remove(last) == null) {
        throw new IllegalArgumentException(object + " has no " + path);
      }
    }

    @Override
    public String toString() {
      return policy + " by " + object + " " + path + (value == null ? " removed" : " = " + value);
    }
  }

  static Mistake set(String policy, String object, String path, Object value) {
    return new Mistake(policy, object, path, value);
  }

  static Mistake remove(String policy, String object, String path) {
    return new Mistake(policy, object, path, null);
  }

  static Stream<Mistake> all() {
    return Stream.of(
        set("latest-tag", WEB, CONTAINER + "image", "todo-api"),
        set("latest-tag", WORKER, CONTAINER + "image", "todo-api:latest"),
        set("privileged-container", WEB, CONTAINER + "securityContext.privileged", true),
        remove(
            "privilege-escalation-container",
            WORKER,
            CONTAINER + "securityContext.allowPrivilegeEscalation"),
        set(
            "no-read-only-root-fs",
            "StatefulSet/redis",
            CONTAINER + "securityContext.readOnlyRootFilesystem",
            false),
        remove("drop-net-raw-capability", WEB, CONTAINER + "securityContext"),
        set(
            "drop-net-raw-capability",
            WEB,
            CONTAINER + "securityContext.capabilities.add",
            List.of("NET_RAW")),
        remove("run-as-non-root", WEB, POD + "securityContext.runAsNonRoot"),
        set("run-as-non-root", WORKER, CONTAINER + "securityContext.runAsUser", 0),
        remove("seccomp-profile", "StatefulSet/mongodb", POD + "securityContext.seccompProfile"),
        set(
            "unsafe-sysctls",
            WEB,
            POD + "securityContext.sysctls",
            List.of(Map.of("name", "kernel.msgmax", "value", "1"))),
        set("host-network", WEB, POD + "hostNetwork", true),
        set("host-pid", WEB, POD + "hostPID", true),
        set("host-ipc", WEB, POD + "hostIPC", true),
        set(
            "sensitive-host-mounts",
            WEB,
            POD + "volumes.0",
            Map.of("name", "host", "hostPath", Map.of("path", "/var/run/docker.sock"))),
        remove("service-account-token", WORKER, POD + "automountServiceAccountToken"),
        set("deprecated-service-account-field", WEB, POD + "serviceAccount", "admin"),
        set("non-existent-service-account", WEB, POD + "serviceAccountName", "todo"),
        set("service-links", WEB, POD + "enableServiceLinks", true),
        remove("unset-cpu-requirements", WEB, CONTAINER + "resources.requests.cpu"),
        remove("unset-memory-requirements", WORKER, CONTAINER + "resources.limits"),
        set(
            "env-var-secret",
            WEB,
            CONTAINER + "env.0",
            Map.of("name", "JWT_SECRET", "value", "open to all")),
        set(
            "env-var-secret",
            WEB,
            CONTAINER + "env.0",
            Map.of(
                "name",
                "KEY",
                "valueFrom",
                Map.of("secretKeyRef", Map.of("name", "todo-secrets", "key", "jwt-secret")))),
        set(
            "duplicate-env-var",
            WEB,
            CONTAINER + "env.0",
            Map.of("name", "JDK_JAVA_OPTIONS", "value", "-Xmx1g")),
        remove("liveness-port", WEB, CONTAINER + "livenessProbe"),
        set("readiness-port", WORKER, CONTAINER + "readinessProbe.httpGet.port", "http"),
        set("startup-port", WEB, CONTAINER + "startupProbe.httpGet.port", 3002),
        set("probe-off-the-admin-port", WEB, CONTAINER + "readinessProbe.httpGet.port", "http"),
        set("ssh-port", WEB, CONTAINER + "ports.0", Map.of("containerPort", 22)),
        set("mismatching-selector", WEB, "spec.selector.matchLabels.app", "todo"),
        remove("no-anti-affinity", WEB, POD + "topologySpreadConstraints"),
        set(
            "no-anti-affinity",
            WORKER,
            POD + "topologySpreadConstraints.0.labelSelector.matchLabels.app",
            "todo-api"),
        set("dangling-mount", WEB, CONTAINER + "volumeMounts.0.name", "secret"),
        set("dangling-service", "Service/todo-service", "spec.selector.app", "todo"),
        set("invalid-target-ports", "Service/todo-service", "spec.ports.0.targetPort", 8080),
        set("invalid-target-ports", "Service/todo-service", "spec.ports.0.targetPort", "web"),
        set("dangling-config", WEB, CONTAINER + "envFrom.0.configMapRef.name", "config"),
        remove("dangling-config", "ConfigMap/redis-config", ""),
        remove("dangling-secret", "Secret/todo-secrets", ""),
        set("dangling-stateful-set-service", "StatefulSet/mongodb", "spec.serviceName", "mongo"),
        set(
            "dangling-horizontalpodautoscaler",
            "HorizontalPodAutoscaler/todo-api",
            "spec.scaleTargetRef.name",
            "todo"),
        set("replicas-beside-an-autoscaler", WEB, "spec.replicas", 3),
        set(
            "hpa-minimum-three-replicas",
            "HorizontalPodAutoscaler/todo-api",
            "spec.minReplicas",
            1),
        set("rolling-update-strategy", WEB, "spec.strategy.rollingUpdate.maxUnavailable", 1),
        remove("no-pod-disruption-budget", "PodDisruptionBudget/todo-worker", ""),
        set("pdb-max-unavailable", "PodDisruptionBudget/todo-api", "spec.maxUnavailable", 0),
        remove(
            "pdb-unhealthy-pod-eviction-policy",
            "PodDisruptionBudget/todo-api",
            "spec.unhealthyPodEvictionPolicy"),
        set(
            "dangling-pod-disruption-budget",
            "PodDisruptionBudget/todo-api",
            "spec.selector.matchLabels.app",
            "todo"),
        set(
            "dangling-network-policy",
            "NetworkPolicy/allow-redis",
            "spec.podSelector.matchLabels.app",
            "cache"),
        set(
            "dangling-network-policy",
            "NetworkPolicy/allow-requests",
            "spec.ingress.0.ports.0.port",
            "web"),
        set(
            "dangling-network-policy-peer",
            "NetworkPolicy/allow-mongodb",
            "spec.ingress.0.from.0.podSelector.matchExpressions.0.values",
            List.of("todo")),
        set(
            "dangling-network-policy-peer",
            "NetworkPolicy/allow-stores",
            "spec.egress.1.to.0.podSelector.matchLabels.app",
            "cache"),
        remove("no-default-deny", "NetworkPolicy/default-deny", ""),
        set(
            "no-default-deny",
            "NetworkPolicy/default-deny",
            "spec.policyTypes",
            List.of("Ingress")),
        remove("no-name-resolution", "NetworkPolicy/allow-dns", ""));
  }

  /** Mistakes in production with an Ingress and monitoring. */
  static Stream<Mistake> inProduction() {
    return Stream.of(
        set(
            "dangling-ingress",
            "Ingress/todo",
            "spec.rules.0.http.paths.0.backend.service.name",
            "todo-api"),
        set(
            "dangling-ingress",
            "Ingress/todo",
            "spec.rules.0.http.paths.0.backend.service.port.name",
            "web"),
        remove("ingress-without-tls", "Ingress/todo", "spec.tls"),
        set("ingress-without-tls", "Ingress/todo", "spec.rules.0.host", "other.example.com"),
        remove("ingress-without-an-issuer", "Issuer/letsencrypt", ""),
        remove("ingress-without-an-issuer", "Ingress/todo", "metadata.annotations"),
        set("load-balancer-hides-clients", "Service/todo-service", "spec.type", "LoadBalancer"),
        remove("ingress-hides-clients", "ConfigMap/todo-config", "data.TRUSTED_PROXIES"),
        remove("anybody-is-a-trusted-proxy", "NetworkPolicy/allow-requests", "spec.ingress.0.from"),
        remove("mail-cannot-leave", "NetworkPolicy/allow-mail", ""),
        set(
            "mail-cannot-leave",
            "NetworkPolicy/allow-mail",
            "spec.podSelector.matchLabels.app",
            "todo-api"),
        set(
            "dangling-service-monitor",
            "ServiceMonitor/todo",
            "spec.selector.matchLabels.app",
            "todo"),
        set("dangling-service-monitor", "Service/todo-metrics", "spec.ports.0.name", "metrics"));
  }
}
