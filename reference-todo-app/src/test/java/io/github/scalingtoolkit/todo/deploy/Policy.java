package io.github.scalingtoolkit.todo.deploy;

import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * What manifests must not do: by name (kube-linter's, where it has one), and the breaches it finds.
 *
 * @param name a word or some
 * @param breaches what is wrong, each with the object's name; none if all is well
 */
record Policy(String name, Function<Cluster, Stream<String>> breaches) {
  /** Returns the breaches of all of {@code policies}, each behind its policy's name. */
  static List<String> breaches(List<Policy> policies, Cluster cluster) {
    return policies.stream()
        .flatMap(
            policy -> policy.breaches().apply(cluster).map(breach -> policy.name() + ": " + breach))
        .toList();
  }
}
