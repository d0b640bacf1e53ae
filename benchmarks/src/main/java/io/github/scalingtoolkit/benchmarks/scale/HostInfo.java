package io.github.scalingtoolkit.benchmarks.scale;

import io.github.scalingtoolkit.benchmarks.report.Environment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/** Takes down where a session runs. */
final class HostInfo {
  private static final Path MEMORY = Path.of("/proc/meminfo");

  private HostInfo() {}

  static Environment of(Artifacts artifacts, String command, Stores stores)
      throws InterruptedException {
    String changed =
        artifacts.firstLine("git", "status", "--porcelain").orElse("").isEmpty() ? "" : "+";
    return new Environment(
        Instant.now().truncatedTo(ChronoUnit.MINUTES).toString(),
        artifacts.firstLine("git", "rev-parse", "--short", "HEAD").orElse("unknown") + changed,
        command,
        System.getProperty("os.name") + " " + System.getProperty("os.version") + " "
            + System.getProperty("os.arch"),
        field(Path.of("/proc/cpuinfo"), "model name"),
        Runtime.getRuntime().availableProcessors(),
        mebibytes("MemTotal"),
        System.getProperty("java.vm.name") + " " + System.getProperty("java.runtime.version"),
        artifacts.firstLine("node", "--version").orElse("not installed"),
        "mongo-java-server, H2 back end, which commits each write before it answers (the demo jar's)",
        stores.redisVersion(),
        "slim jar, RATE_LIMIT=off, LOG_LEVEL=warn, " + String.join(" ", Service.JVM_OPTIONS),
        loadAverage());
  }

  /** Returns the memory that can be had now, in MiB; the most there is where /proc does not tell. */
  static long availableMiB() {
    long available = mebibytes("MemAvailable");
    return available == 0 ? Long.MAX_VALUE : available;
  }

  private static long mebibytes(String field) {
    String digits = field(MEMORY, field).replaceAll("[^0-9]", "");
    return digits.isEmpty() ? 0 : Long.parseLong(digits) / 1024;
  }

  private static double loadAverage() {
    try {
      return Double.parseDouble(Files.readString(Path.of("/proc/loadavg")).split(" ")[0]);
    } catch (IOException noProc) {
      return -1;
    }
  }

  private static String field(Path file, String name) {
    try {
      return Files.readAllLines(file).stream()
          .filter(line -> line.startsWith(name))
          .findFirst()
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .orElse("unknown");
    } catch (IOException noProc) {
      return "unknown";
    }
  }
}
