package io.github.scalingtoolkit.benchmarks.scale;

import io.github.scalingtoolkit.benchmarks.Companion;
import io.github.scalingtoolkit.benchmarks.audit.SourceRow;
import io.github.scalingtoolkit.benchmarks.report.Group.Legacy;
import io.github.scalingtoolkit.benchmarks.report.Row;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The tutorial's own command, where it is installed. */
final class Ab {
  private static final Pattern RATE = Pattern.compile("Requests per second:\\s+([0-9.]+)");
  private static final Pattern MEAN =
      Pattern.compile("Time per request:\\s+([0-9.]+) \\[ms\\] \\(mean\\)");
  private static final Pattern FAILED = Pattern.compile("Failed requests:\\s+(\\d+)");

  private Ab() {}

  /** Runs it on {@code url}, for {@code longest} at most, and returns what it printed, or why there is nothing. */
  static Legacy run(Row row, URI url, Duration longest) throws IOException, InterruptedException {
    if (Artifacts.onPath("ab").isEmpty()) {
      return notRun(row, "ab is not installed (Debian: apache2-utils)");
    }
    Path printed = Files.createTempFile("benchmarks-ab-", ".txt");
    try (Companion running = Companion.start(new ProcessBuilder(List.of(
            "ab",
            "-n",
            Integer.toString(SourceRow.REQUESTS),
            "-c",
            Integer.toString(SourceRow.CONCURRENCY),
            url.resolve(SourceRow.URL).toString()))
        .redirectErrorStream(true)
        .redirectOutput(printed.toFile()))) {
      if (!running.process().waitFor(longest.toMillis(), TimeUnit.MILLISECONDS)) {
        return notRun(row, "it did not end within " + longest.toSeconds() + " s");
      }
      return read(row, Files.readString(printed));
    } finally {
      Files.deleteIfExists(printed);
    }
  }

  /** Reads what it printed. */
  static Legacy read(Row row, String printed) {
    Matcher rate = RATE.matcher(printed);
    Matcher mean = MEAN.matcher(printed);
    Matcher failed = FAILED.matcher(printed);
    if (!rate.find() || !mean.find() || !failed.find()) {
      return notRun(row, "it failed: " + printed.strip().lines().reduce("", (a, b) -> b));
    }
    return new Legacy(
        row,
        Double.parseDouble(rate.group(1)),
        Double.parseDouble(mean.group(1)),
        Long.parseLong(failed.group(1)),
        "");
  }

  private static Legacy notRun(Row row, String reason) {
    return new Legacy(row, null, null, null, reason);
  }
}
