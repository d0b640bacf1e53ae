package io.github.scalingtoolkit.todo.deploy;

import static io.github.scalingtoolkit.todo.deploy.Yaml.list;
import static io.github.scalingtoolkit.todo.deploy.Yaml.map;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Manifests as trees, by {@code Kind/name}, and the little of Kustomize that our overlays use. */
final class Manifests {
  static final Path KUBERNETES = Yaml.DEPLOY.resolve("k8s");
  private static final Set<String> KNOWN =
      Set.of("apiVersion", "kind", "namespace", "resources", "components", "patches");

  private Manifests() {}

  /**
   * Returns what {@code kubectl kustomize} makes of {@code directory}: its resources, with its components and patches, in its
   * namespace.
   *
   * @param more components besides those that it names
   * @throws IllegalArgumentException for a Kustomization that uses more than that, names an object twice, or patches one
   *     that is not there
   */
  static Map<String, Map<String, Object>> render(Path directory, String... more) {
    Map<String, Map<String, Object>> objects = new TreeMap<>();
    List<Path> components =
        Stream.of(more).map(KUBERNETES.resolve("components")::resolve).toList();
    accumulate(directory, components, objects);
    return objects;
  }

  private static void accumulate(
      Path directory, List<Path> more, Map<String, Map<String, Object>> objects) {
    Map<String, Object> kustomization = Yaml.document(directory.resolve("kustomization.yaml"));
    if (!KNOWN.containsAll(kustomization.keySet())) {
      throw new IllegalArgumentException(
          directory + " uses of Kustomize what is not rendered here: " + kustomization.keySet());
    }
    for (Object resource : of(kustomization, "resources")) {
      Path path = directory.resolve((String) resource).normalize();
      if (Files.isDirectory(path)) {
        accumulate(path, List.of(), objects);
      } else {
        byName(Yaml.documents(path)).forEach((name, object) -> add(objects, name, object));
      }
    }
    for (Object component : of(kustomization, "components")) {
      accumulate(directory.resolve((String) component).normalize(), List.of(), objects);
    }
    more.forEach(component -> accumulate(component, List.of(), objects));
    for (Object patch : of(kustomization, "patches")) {
      if (!map(patch).keySet().equals(Set.of("path"))) {
        throw new IllegalArgumentException("not rendered here: a patch with " + patch);
      }
      Map<String, Object> change =
          Yaml.document(directory.resolve((String) map(patch).get("path")));
      Map<String, Object> object = objects.get(name(change));
      if (object == null) {
        throw new IllegalArgumentException(
            directory + " patches " + name(change) + ", which is not there");
      }
      merge(object, change);
    }
    if (kustomization.get("namespace") instanceof String namespace) {
      objects.values().stream()
          .filter(object -> !object.get("kind").equals("Namespace"))
          .forEach(object -> map(object.get("metadata")).put("namespace", namespace));
    }
  }

  /** Puts what {@code change} says in place of what was there, and null in place of nothing; lists are replaced as a whole, as those that we patch are. */
  private static void merge(Map<String, Object> object, Map<String, Object> change) {
    change.forEach((key, value) -> {
      if (value instanceof Map<?, ?> && object.get(key) instanceof Map<?, ?>) {
        merge(map(object.get(key)), map(value));
      } else if (value == null) {
        object.remove(key);
      } else {
        object.put(key, value);
      }
    });
  }

  private static List<Object> of(Map<String, Object> kustomization, String key) {
    return kustomization.containsKey(key) ? list(kustomization.get(key)) : List.of();
  }

  /** Returns the objects of {@code file}. */
  static Map<String, Map<String, Object>> file(Path file) {
    return byName(Yaml.documents(file));
  }

  private static Map<String, Map<String, Object>> byName(List<Map<String, Object>> objects) {
    Map<String, Map<String, Object>> byName = new TreeMap<>();
    objects.forEach(object -> add(byName, name(object), object));
    return byName;
  }

  private static String name(Map<String, Object> object) {
    return object.get("kind") + "/" + map(object.get("metadata")).get("name");
  }

  private static void add(
      Map<String, Map<String, Object>> objects, String name, Map<String, Object> object) {
    if (objects.put(name, object) != null) {
      throw new IllegalArgumentException(name + " is there twice");
    }
  }
}
