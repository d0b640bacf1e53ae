package io.github.scalingtoolkit.todo.deploy;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.kubernetes.client.common.KubernetesObject;
import io.kubernetes.client.openapi.models.V1LabelSelector;
import io.kubernetes.client.openapi.models.V1ObjectMeta;
import java.lang.reflect.Field;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The custom resources among our manifests, with the fields that we use of them and no others: Kubernetes' model does not
 * have them. A field of ours is one that its operator documents.
 */
final class CustomResources {
  private CustomResources() {}

  /** What each of them has. */
  abstract static class Resource implements KubernetesObject {
    String apiVersion;
    String kind;
    V1ObjectMeta metadata;

    @Override
    public V1ObjectMeta getMetadata() {
      return metadata;
    }

    @Override
    public String getApiVersion() {
      return apiVersion;
    }

    @Override
    public String getKind() {
      return kind;
    }
  }

  /** Of cert-manager. */
  static final class Issuer extends Resource {
    Spec spec;

    static void check(JsonElement json) {
      demand(Issuer.class, json, "Issuer");
    }

    static final class Spec {
      Acme acme;
    }

    static final class Acme {
      String server;
      Named privateKeySecretRef;
      List<Solver> solvers;

      @Nullable
      String email;
    }

    static final class Named {
      String name;
    }

    static final class Solver {
      Http01 http01;
    }

    static final class Http01 {
      SolverIngress ingress;
    }

    static final class SolverIngress {
      String ingressClassName;
    }
  }

  /** Of the Prometheus Operator. */
  static final class ServiceMonitor extends Resource {
    Spec spec;

    static void check(JsonElement json) {
      demand(ServiceMonitor.class, json, "ServiceMonitor");
    }

    static final class Spec {
      @Nullable
      String jobLabel;

      V1LabelSelector selector;
      List<Endpoint> endpoints;
    }

    static final class Endpoint {
      String port;
      String path;

      @Nullable
      String interval;

      @Nullable
      String scrapeTimeout;
    }
  }

  /** Of the Prometheus Operator. */
  static final class PrometheusRule extends Resource {
    Spec spec;

    static void check(JsonElement json) {
      demand(PrometheusRule.class, json, "PrometheusRule");
    }

    static final class Spec {
      List<Group> groups;
    }

    static final class Group {
      String name;
      List<Rule> rules;
    }

    static final class Rule {
      String alert;
      String expr;

      @com.google.gson.annotations.SerializedName("for")
      @Nullable
      String duration;

      Map<String, String> labels;
      Map<String, String> annotations;
    }
  }

  /** Refuses what {@code type} has not, and what it asks for and is not there. */
  private static void demand(Type type, JsonElement json, String at) {
    if (type instanceof ParameterizedType list && list.getRawType() == List.class) {
      if (!json.isJsonArray()) {
        throw new IllegalArgumentException(at + " is no list");
      }
      json.getAsJsonArray().forEach(one -> demand(list.getActualTypeArguments()[0], one, at));
    } else if (type instanceof Class<?> ours && ours.getName().startsWith(nameOfOurs())) {
      demandFields(ours, json, at);
    }
  }

  private static String nameOfOurs() {
    return CustomResources.class.getName();
  }

  private static void demandFields(Class<?> type, JsonElement json, String at) {
    if (!json.isJsonObject()) {
      throw new IllegalArgumentException(at + " is no object");
    }
    JsonObject object = json.getAsJsonObject();
    Map<String, Field> fields = Stream.concat(
            Stream.of(type.getDeclaredFields()),
            Resource.class.isAssignableFrom(type)
                ? Stream.of(Resource.class.getDeclaredFields())
                : Stream.of())
        .filter(field -> !field.isSynthetic())
        .collect(Collectors.toMap(CustomResources::nameOf, field -> field));
    for (String key : object.keySet()) {
      if (!fields.containsKey(key)) {
        throw new IllegalArgumentException(at + " has no field " + key);
      }
    }
    fields.forEach((name, field) -> {
      if (object.has(name)) {
        demand(field.getGenericType(), object.get(name), at + "." + name);
      } else if (!field.getAnnotatedType().isAnnotationPresent(Nullable.class)) {
        throw new IllegalArgumentException(at + " lacks the field " + name);
      }
    });
  }

  private static String nameOf(Field field) {
    var given = field.getAnnotation(com.google.gson.annotations.SerializedName.class);
    return given == null ? field.getName() : given.value();
  }
}
