package io.github.scalingtoolkit.todo.cluster;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Starts workers: this program again, with other ports and with the supervisor's stores. */
final class WorkerLauncher {
  /** Options that a worker must not inherit: only one process can use a debugger's or a management port. */
  private static final List<String> NOT_PASSED_ON =
      List.of("-agentlib:jdwp", "-Xrunjdwp", "-Dcom.sun.management.jmxremote");

  private final List<String> command;
  private final Map<String, String> environment;

  /**
   * Starts workers with {@code command}.
   *
   * @param environment a worker's environment, in place of this process' own; secrets are safe here
   */
  WorkerLauncher(List<String> command, Map<String, String> environment) {
    this.command = List.copyOf(command);
    this.environment = Map.copyOf(environment);
  }

  /** Starts workers with the JVM, the options and the class path of this process. */
  static WorkerLauncher of(Class<?> main, Map<String, String> environment) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    Set<String> replaced = environment.keySet();
    for (String option : ManagementFactory.getRuntimeMXBean().getInputArguments()) {
      boolean passedOn = NOT_PASSED_ON.stream().noneMatch(option::startsWith)
          && replaced.stream().noneMatch(name -> option.startsWith("-D" + name + "="));
      if (passedOn) {
        command.add(option);
      }
    }
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(main.getName());
    return new WorkerLauncher(command, environment);
  }

  /**
   * Starts worker {@code number}.
   *
   * @throws IOException if the process cannot be started
   */
  WorkerProcess start(int number) throws IOException {
    List<String> numbered = new ArrayList<>(command);
    // Before the class path, among the options, where ps shows it.
    numbered.add(1, "-D" + WorkerLink.INSTANCE + "=" + number);
    ProcessBuilder builder =
        new ProcessBuilder(numbered).redirectError(ProcessBuilder.Redirect.INHERIT);
    Map<String, String> own = builder.environment();
    environment.forEach((name, value) -> {
      own.put(name, value);
      own.remove(name + "_FILE");
    });
    return new WorkerProcess(number, builder.start());
  }
}
