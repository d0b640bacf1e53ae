package io.github.scalingtoolkit.benchmarks.load;

import io.github.scalingtoolkit.benchmarks.Companion;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The load generator wrk, where it is installed: a second opinion on throughput in the closed model. */
public final class Wrk {
  /** How far ours may be from it. */
  public static final double AGREES_WITHIN = 0.10;

  private static final Pattern RATE = Pattern.compile("Requests/sec:\\s+([0-9.]+)");

  private Wrk() {}

  /** Tells whether it is on the PATH. */
  public static boolean installed() {
    String path = System.getenv("PATH");
    return path != null
        && Arrays.stream(path.split(":"))
            .anyMatch(directory -> Files.isExecutable(Path.of(directory, "wrk")));
  }

  /**
   * Runs it with one thread and returns its requests a second.
   *
   * @throws IOException if it fails, or met answers other than 2xx
   */
  public static double perSecond(URI url, String token, int connections, int seconds)
      throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(List.of("wrk", "-t1", "-c" + connections, "-d" + seconds + "s"));
    if (!token.isEmpty()) {
      command.addAll(List.of("-H", "Authorization: Bearer " + token));
    }
    command.add(url.toString());
    try (Companion running =
        Companion.start(new ProcessBuilder(command).redirectErrorStream(true))) {
      Process wrk = running.process();
      String printed = new String(wrk.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      Matcher rate = RATE.matcher(printed);
      if (wrk.waitFor() != 0 || printed.contains("Non-2xx") || !rate.find()) {
        throw new IOException("wrk failed: " + printed.strip());
      }
      return Double.parseDouble(rate.group(1));
    }
  }
}
