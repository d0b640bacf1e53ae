package io.github.scalingtoolkit.todo.run;

import io.github.scalingtoolkit.todo.embedded.ChildJvm;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The service as a process of its own, started as a user starts it: by {@link Main} and the environment. */
final class ServiceProcess {
  private ServiceProcess() {}

  /** Starts a demo on {@code data}; {@code environment} are {@code NAME=value}, of which the later wins. */
  static ChildJvm demo(Path data, String... environment) {
    return start(demoOn(data, environment)).owning(data);
  }

  /** As {@link #demo}, in this JVM, where no signal reaches it. */
  static MainRun demoHere(Path data, String... environment) {
    return MainRun.start(demoOn(data, environment));
  }

  private static List<String> demoOn(Path data, String... environment) {
    List<String> all = new ArrayList<>(
        List.of("APP_ENV=demo", "PORT=0", "ADMIN_PORT=0", "DATA_DIR=" + data, "DRAIN_TIMEOUT=2s"));
    all.addAll(List.of(environment));
    return all;
  }

  /** Starts with {@code environment} and these arguments. */
  static ChildJvm start(List<String> environment, String... arguments) {
    List<String> prefix = new ArrayList<>(List.of("env"));
    prefix.addAll(environment);
    return ChildJvm.start(prefix, Main.class, arguments);
  }

  static int port(Program child) {
    return Integer.parseInt(child.awaitLine("Todo service:  http://127.0.0.1:"));
  }

  static int adminPort(Program child) {
    return Integer.parseInt(
        child.awaitLine("Admin port:    http://127.0.0.1:").replace("/readyz", ""));
  }

  /** Returns a client of the demo's user. */
  static TodoClient logIn(Program child) {
    int port = port(child);
    return new TodoClient(
        port,
        TodoClient.json(TodoClient.anonymous(port)
                .post("/login", "{\"username\":\"user\",\"password\":\"pass\"}"))
            .get("token")
            .textValue());
  }
}
