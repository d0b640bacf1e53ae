package io.github.scalingtoolkit.benchmarks.scale;

import io.github.scalingtoolkit.benchmarks.Main;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Restarts this program in its own network namespace, in which it cannot disturb anything else. */
public final class PrivateNetwork {
  private static final String MARK = "BENCHMARKS_NETWORK";
  private static final String BEGAN = "BENCHMARKS_BEGAN";

  private PrivateNetwork() {}

  /** Tells whether this process is in one. */
  public static boolean inside() {
    return "private".equals(System.getenv(MARK));
  }

  /** Returns how long ago the command was given: by the process that was started first. */
  static Duration since() {
    return Duration.ofMillis(Math.max(0, System.currentTimeMillis() - began()));
  }

  private static long began() {
    String given = System.getenv(BEGAN);
    return inside() && given != null
        ? Long.parseLong(given)
        : ManagementFactory.getRuntimeMXBean().getStartTime();
  }

  /**
   * Does what {@code words} say in one, and returns the exit code; empty where that is not permitted, or this process is
   * in one already. A signal that ends this process ends the other first.
   */
  public static Optional<Integer> run(List<String> words) throws IOException, InterruptedException {
    if (inside()
        || Artifacts.onPath("unshare").isEmpty()
        || Artifacts.onPath("ip").isEmpty()) {
      return Optional.empty();
    }
    List<String> unshare = new ArrayList<>(List.of("unshare", "--net"));
    if (!permitted(unshare)) {
      unshare.add("--map-root-user");
      if (!permitted(unshare)) {
        return Optional.empty();
      }
    }
    List<String> command = new ArrayList<>(unshare);
    command.addAll(List.of("sh", "-c", "ip link set lo up && exec \"$@\"", "benchmarks"));
    command.add(
        java.nio.file.Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
    command.addAll(words);
    ProcessBuilder builder = new ProcessBuilder(command).inheritIO();
    builder.environment().put(MARK, "private");
    builder.environment().put(BEGAN, Long.toString(began()));
    Process process = builder.start();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> end(process), "end-private-network"));
    return Optional.of(process.waitFor());
  }

  private static boolean permitted(List<String> unshare) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(unshare);
    command.addAll(List.of("ip", "link", "set", "lo", "up"));
    Process process = new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .start();
    return process.waitFor() == 0;
  }

  private static void end(Process process) {
    process.destroy();
    try {
      if (!process.waitFor(60, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
