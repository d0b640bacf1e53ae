package io.github.scalingtoolkit.benchmarks.scale;

import io.github.scalingtoolkit.benchmarks.load.BodyCheck;
import io.github.scalingtoolkit.benchmarks.load.Call;

/** The requests that are measured, each with what its answer must be. */
final class Calls {
  private static final String TITLE = "\"title\":\"a todo of the benchmark\"";

  private Calls() {}

  static Call health(Target target) {
    return Call.get(
        "health", target.url(), "/api/health", "", BodyCheck.startingWith("{\"status\":\"OK\""));
  }

  static Call list(Target target, byte[] list) {
    return Call.get("list", target.url(), "/api/todos", target.token(), BodyCheck.equalTo(list));
  }

  static Call create(Target target) {
    return Call.post(
        "create",
        target.url(),
        "/api/todos",
        target.token(),
        "{" + TITLE + "}",
        BodyCheck.containing(TITLE));
  }
}
