package io.github.scalingtoolkit.benchmarks.builds;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.scalingtoolkit.benchmarks.Companion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Pattern;

/**
 * The hot paths of two builds by JMH, one benchmark after the other: a fresh JVM of each build, with its Redis, at the same
 * time, each kept on a core of its own, which the next pair swaps. A round trip of a lone caller takes 25 or 100
 * microseconds, as the scheduler puts caller and Redis on one core or on two; on one, the figure is what both work for the
 * call. They are warm once all is compiled: a call with a JSON payload keeps the compiler
 * busy for 12 s.
 */
final class HotPaths {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String PACKAGE = "io.github.scalingtoolkit.benchmarks.hotpath.";

  /** What does not call the libraries, and so says nothing about a build; {@code rawByHand} is the guard's floor. */
  private static final Pattern FLOORS = Pattern.compile(
      ".*\\.(rawDecorated|rawMetered|rawRejected|rawRejectedForced|caffeineHit|jedisGet|bareScript|lpush.*|rawHmac)");

  /** What calls no server, and is compiled soon. */
  private static final Pattern SMALL =
      Pattern.compile(".*\\.(GuardBenchmark|VerifyBenchmark)\\..*");

  /** What 64 threads do, which would leave their Redis nothing of one core: in turn, and on all cores. */
  private static final Pattern CROWDED = Pattern.compile(".*\\.LimiterBenchmark\\..*");

  private static final int MOST_FAILURES = 5;

  private final String java;
  private final Path before;
  private final Path after;
  private final int pairs;
  private final List<List<String>> cores;

  /**
   * Measures two builds.
   *
   * @param cores the words that keep a command on one core, for each; with fewer than two the builds are measured in turn
   */
  HotPaths(String java, Path before, Path after, int pairs, List<List<String>> cores) {
    this.cores = cores;
    this.java = java;
    this.before = before;
    this.after = after;
    this.pairs = pairs;
  }

  /** Returns a row for each benchmark, and each of its parameters, that {@code only} finds and both builds have. */
  List<Pairs> measure(Pattern only) throws IOException, InterruptedException {
    TreeSet<String> names = new TreeSet<>(names(before));
    names.retainAll(names(after));
    Map<String, Pairs> rows = new LinkedHashMap<>();
    for (String name : names) {
      if (FLOORS.matcher(name).matches() || !only.matcher(name).find()) {
        continue;
      }
      int failures = 0;
      int rounds = CROWDED.matcher(name).matches() ? 2 * pairs : pairs;
      for (int pair = 0; pair < rounds && failures < MOST_FAILURES; pair++) {
        boolean beforeFirst = pair % 2 == 0;
        List<Map<String, JsonNode>> both =
            beforeFirst ? pair(before, after, name) : pair(after, before, name);
        Map<String, JsonNode> was = both.get(beforeFirst ? 0 : 1);
        Map<String, JsonNode> is = both.get(beforeFirst ? 1 : 0);
        if (was.isEmpty() || is.isEmpty()) {
          // A benchmark refuses a figure if Redis did not decide, as when the machine stood still.
          failures++;
          pair--;
          continue;
        }
        was.forEach((row, result) -> rows.computeIfAbsent(
                row,
                key -> new Pairs(
                    key,
                    result.at("/primaryMetric/scoreUnit").asText(),
                    result.path("mode").asText().equals("thrpt")))
            .add(score(result), score(is.getOrDefault(row, result))));
      }
      if (failures > 0) {
        System.out.println("failed pairs of " + name + ": " + failures + ", not counted");
      }
      System.out.println(name.substring(PACKAGE.length()));
    }
    return List.copyOf(rows.values());
  }

  private List<Map<String, JsonNode>> pair(Path one, Path other, String name)
      throws IOException, InterruptedException {
    if (cores.size() < 2 || CROWDED.matcher(name).matches()) {
      return List.of(run(List.of(), one, name), run(List.of(), other, name));
    }
    ExecutorService second = Executors.newSingleThreadExecutor();
    try {
      Future<Map<String, JsonNode>> beside = second.submit(() -> run(cores.get(1), other, name));
      return List.of(run(cores.get(0), one, name), beside.get());
    } catch (ExecutionException failed) {
      throw new IOException(failed.getMessage(), failed);
    } finally {
      second.shutdownNow();
    }
  }

  private static double score(JsonNode result) {
    return result.at("/primaryMetric/score").asDouble();
  }

  private List<String> names(Path jar) throws IOException, InterruptedException {
    Path list = Files.createTempFile("benchmarks-builds", ".txt");
    try {
      jmh(List.of(), jar, list, "-l");
      return Files.readAllLines(list).stream()
          .filter(line -> line.startsWith(PACKAGE))
          .toList();
    } finally {
      Files.delete(list);
    }
  }

  /** Returns the results by benchmark and parameters; none if it failed. */
  private Map<String, JsonNode> run(List<String> core, Path jar, String name)
      throws IOException, InterruptedException {
    Path results = Files.createTempFile("benchmarks-builds", ".json");
    Path output = Files.createTempFile("benchmarks-builds", ".txt");
    try {
      List<String> words = new ArrayList<>(List.of(Pattern.quote(name) + "$"));
      words.addAll(
          List.of("-f", "1", "-wi", warmUps(name), "-w", "500ms", "-i", "8", "-r", "250ms"));
      words.addAll(List.of("-rf", "json", "-rff", results.toString()));
      jmh(core, jar, output, words.toArray(String[]::new));
      Map<String, JsonNode> byRow = new LinkedHashMap<>();
      for (JsonNode result : JSON.readTree(results.toFile())) {
        StringBuilder row = new StringBuilder(name.substring(PACKAGE.length()));
        result
            .path("params")
            .properties()
            .forEach(param -> row.append(", ").append(param.getValue().asText()));
        byRow.put(row.toString(), result);
      }
      if (byRow.isEmpty()) {
        System.out.println(name + " of " + jar.getFileName() + " has no result:");
        Files.readAllLines(output).stream()
            .filter(line -> line.contains("Exception"))
            .findFirst()
            .ifPresent(System.out::println);
      }
      return byRow;
    } finally {
      Files.delete(results);
      Files.delete(output);
    }
  }

  private static String warmUps(String name) {
    if (SMALL.matcher(name).matches()) {
      return "6";
    }
    return CROWDED.matcher(name).matches() ? "8" : "32";
  }

  private void jmh(List<String> core, Path jar, Path output, String... words)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(core);
    // Two at the same time are what is wanted here.
    command.addAll(
        List.of(java, "-Djmh.ignoreLock=true", "-cp", jar.toString(), "org.openjdk.jmh.Main"));
    command.addAll(List.of(words));
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
    try (Companion jmh = Companion.start(builder)) {
      int code = jmh.process().waitFor();
      if (code != 0) {
        throw new IOException(
            "JMH of " + jar + " ended with " + code + ": " + Files.readString(output));
      }
    }
  }
}
