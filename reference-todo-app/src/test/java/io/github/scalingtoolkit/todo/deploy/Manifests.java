package io.github.scalingtoolkit.todo.deploy;

import static io.github.scalingtoolkit.todo.deploy.Yaml.list;
import static io.github.scalingtoolkit.todo.deploy.Yaml.map;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Manifests as trees, by {@code Kind/name}, and the little of Kustomize that our overlays use. */
final class Manifests {
  static final Path KUBERNETES = Yaml.DEPLOY.resolve("k8s");
  private static final Set<String> KNOWN = Set.of("apiVersion", "kind", "namespace", "resources");

  private Manifests() {}

  /**
   * Returns what {@code kubectl kustomize} makes of {@code directory}: its resources, in its namespace.
   *
   * @throws IllegalArgumentException for a Kustomization that uses more than that, or names an object twice
   */
  static Map<String, Map<String, Object>> render(Path directory) {
    Map<String, Object> kustomization = Yaml.document(directory.resolve("kustomization.yaml"));
    if (!KNOWN.containsAll(kustomization.keySet())) {
      throw new IllegalArgumentException(
          directory + " uses of Kustomize what is not rendered here: " + kustomization.keySet());
    }
    List<Map<String, Object>> objects = new ArrayList<>();
    for (Object resource : list(kustomization.get("resources"))) {
      Path path = directory.resolve((String) resource).normalize();
      if (Files.isDirectory(path)) {
        objects.addAll(render(path).values());
      } else {
        objects.addAll(Yaml.documents(path));
      }
    }
    if (kustomization.get("namespace") instanceof String namespace) {
      for (Map<String, Object> object : objects) {
        if (!object.get("kind").equals("Namespace")) {
          map(object.get("metadata")).put("namespace", namespace);
        }
      }
    }
    return byName(objects);
  }

  /** Returns the objects of {@code file}. */
  static Map<String, Map<String, Object>> file(Path file) {
    return byName(Yaml.documents(file));
  }

  private static Map<String, Map<String, Object>> byName(List<Map<String, Object>> objects) {
    Map<String, Map<String, Object>> byName = new TreeMap<>();
    for (Map<String, Object> object : objects) {
      String name = object.get("kind") + "/" + map(object.get("metadata")).get("name");
      if (byName.put(name, object) != null) {
        throw new IllegalArgumentException(name + " is there twice");
      }
    }
    return byName;
  }
}
