package io.github.scalingtoolkit.benchmarks.builds;

import io.github.scalingtoolkit.benchmarks.Arguments;
import io.github.scalingtoolkit.benchmarks.UsageException;
import io.github.scalingtoolkit.benchmarks.callers.TwoBuilds;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * {@code builds}: whether the libraries became slower. Measures the benchmarks of another jar, built from an earlier
 * commit, in turn with those of this jar, on the Java that runs it: the rows of {@code callers}, and those of {@code jmh}
 * that call the libraries.
 */
public final class BuildsCommand {
  /** What counts as not worse. */
  private static final double LEAST = 0.95;

  private BuildsCommand() {}

  /** Measures, prints the tables and writes them to {@code --out}. */
  public static int run(List<String> words) throws IOException, InterruptedException {
    Arguments arguments = Arguments.parse(
            words,
            Set.of("--before", "--out", "--pairs", "--slices", "--millis", "--only"),
            Set.of())
        .withoutPlain();
    Path before = Path.of(arguments.text("--before", ""));
    if (!Files.isRegularFile(before)) {
      throw new UsageException(
          "--before must name the benchmarks.jar of another build, but there is no file '" + before
              + "'");
    }
    int pairs = arguments.integer("--pairs", 6, 1, 100);
    int slices = arguments.integer("--slices", 20, 1, 1000);
    int millis = arguments.integer("--millis", 400, 50, 60_000);
    Pattern only = pattern(arguments.text("--only", ""));
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    Path after = thisJar();

    String load = loadAverage();
    List<Pairs> callers = new ArrayList<>();
    TwoBuilds.measure(java, before, after, slices, millis, only, (name, values) -> {
      Pairs row = new Pairs(name, "calls/s", true);
      values.forEach(pair -> row.add(pair[0], pair[1]));
      callers.add(row);
      System.out.println(name);
    });
    List<List<String>> cores = Cores.words();
    List<Pairs> hotPaths = new HotPaths(java, before, after, pairs, cores).measure(only);

    String page = page(words, before, load, callers, hotPaths, cores.size() < 2);
    System.out.print(page);
    String out = arguments.text("--out", "");
    if (!out.isEmpty()) {
      Files.createDirectories(Path.of(out));
      Files.writeString(Path.of(out, "jdk-" + Runtime.version().feature() + ".md"), page);
    }
    return 0;
  }

  private static String page(
      List<String> words,
      Path before,
      String load,
      List<Pairs> callers,
      List<Pairs> hotPaths,
      boolean inTurn) {
    StringBuilder page =
        new StringBuilder("# Two builds in turn, Java " + Runtime.version() + "\n\n");
    page.append(
        "Medians, and the median of the ratios of neighbours with its interval; above 1 the build after is faster. \"not worse\": the whole interval is at least "
            + LEAST + "; \"worse\": all of it is below.\n\n");
    page.append(String.format(
        Locale.ROOT,
        "%d cores shared by callers and Redis, load average before %s.%n%n```sh%njava -jar benchmarks/target/benchmarks.jar builds %s%n```%n",
        Runtime.getRuntime().availableProcessors(),
        load,
        String.join(" ", words).replace(before.toString(), String.valueOf(before.getFileName()))));
    if (!callers.isEmpty()) {
      page.append("\n## Many callers of one Redis\n\n").append(Pairs.head());
      callers.forEach(row -> page.append(row.line(LEAST)));
    }
    if (!hotPaths.isEmpty()) {
      page.append(
              inTurn
                  ? "\n## Hot paths (JMH, a fresh JVM each)\n\nOne build after the other: there is no `taskset`, or one core.\n\n"
                  : "\n## Hot paths (JMH, a fresh JVM each, at the same time, with its Redis on a core of its own)\n\nThose of the limiter have 64 threads, and run in turn on all cores.\n\n")
          .append(Pairs.head());
      hotPaths.forEach(row -> page.append(row.line(LEAST)));
    }
    return page.toString();
  }

  private static Pattern pattern(String words) {
    try {
      return Pattern.compile(words);
    } catch (PatternSyntaxException wrong) {
      throw new UsageException("--only must be a regular expression but was '" + words + "'");
    }
  }

  private static Path thisJar() throws IOException {
    try {
      return Path.of(BuildsCommand.class
          .getProtectionDomain()
          .getCodeSource()
          .getLocation()
          .toURI());
    } catch (URISyntaxException notAFile) {
      throw new IOException("the jar of this build is not a file", notAFile);
    }
  }

  private static String loadAverage() throws IOException {
    Path load = Path.of("/proc/loadavg");
    return Files.exists(load) ? Files.readString(load).split(" ")[0] : "unknown";
  }
}
