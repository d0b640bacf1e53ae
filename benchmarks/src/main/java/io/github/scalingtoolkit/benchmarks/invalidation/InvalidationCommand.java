package io.github.scalingtoolkit.benchmarks.invalidation;

import io.github.scalingtoolkit.benchmarks.Arguments;
import io.github.scalingtoolkit.benchmarks.hotpath.LocalRedis;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.TimeoutException;
import org.HdrHistogram.Histogram;

/** {@code invalidation}: how long another cache still has what was written through this one. */
public final class InvalidationCommand {
  private static final int[] OTHER_WRITERS = {0, 4, 16};

  private InvalidationCommand() {}

  /** Runs it, prints the table and writes it to {@code --out}. Returns 1 if an entry outlived its write by far. */
  public static int run(List<String> words) throws IOException, InterruptedException {
    Arguments arguments =
        Arguments.parse(words, Set.of("--out", "--writes"), Set.of()).withoutPlain();
    int writes = arguments.integer("--writes", 20_000, 100, 10_000_000);
    StringBuilder table = new StringBuilder(head(words));
    try (LocalRedis server = LocalRedis.start();
        Invalidation invalidation = new Invalidation(server.url())) {
      invalidation.measure(writes / 4, 0);
      for (int others : OTHER_WRITERS) {
        table.append(line(others, invalidation.measure(writes, others)));
      }
    } catch (TimeoutException late) {
      System.err.println(late.getMessage());
      return 1;
    }
    System.out.print(table);
    String out = arguments.text("--out", "");
    if (!out.isEmpty()) {
      Files.createDirectories(Path.of(out));
      Files.writeString(Path.of(out, "REPORT.md"), table);
    }
    return 0;
  }

  private static String line(int others, Histogram unseen) {
    return String.format(
        Locale.ROOT,
        "| %d | %d | %.1f %% | %.3f | %.3f | %.3f | %.3f |%n",
        others,
        unseen.getTotalCount(),
        100.0 * unseen.getCountAtValue(0) / unseen.getTotalCount(),
        unseen.getValueAtPercentile(50) / 1e6,
        unseen.getValueAtPercentile(99) / 1e6,
        unseen.getValueAtPercentile(99.9) / 1e6,
        unseen.getMaxValue() / 1e6);
  }

  private static String head(List<String> words) {
    return """
        # Benchmark: invalidation

        Two caches with local entries and connections of their own on one Redis: one reads and keeps, the other writes.
        Counted from the return of the write until the reader's local entry is gone, in ms; the store costs nothing, so
        the invalidation gains no time on the write. Wanted: 5 ms at most for 99 of 100 writes.

        Java %s, %d cores shared by all of it.

        ```sh
        mvn -B -q package -DskipTests
        java -jar benchmarks/target/benchmarks.jar %s
        ```

        | writers beside it | writes | gone at the return | p50 | p99 | p99.9 | longest |
        |---|---|---|---|---|---|---|
        """.formatted(
            Runtime.version(),
            Runtime.getRuntime().availableProcessors(),
            ("invalidation " + String.join(" ", words)).strip());
  }
}
