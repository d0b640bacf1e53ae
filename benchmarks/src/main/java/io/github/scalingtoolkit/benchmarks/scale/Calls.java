package io.github.scalingtoolkit.benchmarks.scale;

import io.github.scalingtoolkit.benchmarks.load.BodyCheck;
import io.github.scalingtoolkit.benchmarks.load.Call;
import io.github.scalingtoolkit.benchmarks.report.Scenario;
import java.util.ArrayList;
import java.util.List;

/** The requests that are measured, each with what its answer must be. */
final class Calls {
  private static final String TITLE = "\"title\":\"a todo of the benchmark\"";
  private static final String LOGIN = "{\"username\":\"user\",\"password\":\"pass\"}";
  private static final int MIXED = 20;

  private Calls() {}

  /** Returns what {@code scenario} sends to {@code target} in turn; {@code list} is the list that it must answer with. */
  static List<Call> of(Scenario scenario, Target target, byte[] list) {
    return switch (scenario) {
      case HEALTH -> List.of(health(target));
      case LIST -> List.of(list(target, list));
      case CREATE -> List.of(create(target, target.token()));
      case LOGIN -> List.of(login(target));
      case MIX -> mix(target, list);
    };
  }

  static Call health(Target target) {
    return Call.get(
        "health", target.url(), "/api/health", "", BodyCheck.startingWith("{\"status\":\"OK\""));
  }

  private static Call list(Target target, byte[] list) {
    return Call.get("list", target.url(), "/api/todos", target.token(), BodyCheck.equalTo(list));
  }

  private static Call create(Target target, String token) {
    return Call.post(
        "create",
        target.url(),
        "/api/todos",
        token,
        "{" + TITLE + "}",
        BodyCheck.containing(TITLE));
  }

  private static Call login(Target target) {
    return Call.post("login", target.url(), "/login", "", LOGIN, BodyCheck.containing("\"token\":"))
        .answeredWith(200);
  }

  /** The creates are another user's, so that the list stays as long as it is; spread evenly. */
  private static List<Call> mix(Target target, byte[] list) {
    List<Call> calls = new ArrayList<>();
    for (int i = 0; i < MIXED; i++) {
      calls.add(
          switch (i) {
            case 3, 9, 16 -> health(target);
            case 6 -> create(target, target.otherToken());
            case 13 -> login(target);
            default -> list(target, list);
          });
    }
    return calls;
  }
}
