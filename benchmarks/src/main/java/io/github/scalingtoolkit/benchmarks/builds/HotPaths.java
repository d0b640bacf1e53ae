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
import java.util.regex.Pattern;

/** The hot paths of two builds by JMH: one benchmark after the other, each in a fresh JVM of one build and the other. */
final class HotPaths {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String PACKAGE = "io.github.scalingtoolkit.benchmarks.hotpath.";

  /** What does not call the libraries, and so says nothing about a build; {@code rawByHand} is the guard's floor. */
  private static final Pattern FLOORS = Pattern.compile(
      ".*\\.(rawDecorated|rawMetered|rawRejected|rawRejectedForced|caffeineHit|jedisGet|bareScript|lpush.*|rawHmac)");

  private static final int MOST_FAILURES = 5;

  private final String java;
  private final Path before;
  private final Path after;
  private final int pairs;

  HotPaths(String java, Path before, Path after, int pairs) {
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
      for (int pair = 0; pair < pairs && failures < MOST_FAILURES; pair++) {
        boolean beforeFirst = pair % 2 == 0;
        Map<String, JsonNode> one = run(beforeFirst ? before : after, name);
        Map<String, JsonNode> other = run(beforeFirst ? after : before, name);
        Map<String, JsonNode> was = beforeFirst ? one : other;
        Map<String, JsonNode> is = beforeFirst ? other : one;
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

  private static double score(JsonNode result) {
    return result.at("/primaryMetric/score").asDouble();
  }

  private List<String> names(Path jar) throws IOException, InterruptedException {
    Path list = Files.createTempFile("benchmarks-builds", ".txt");
    try {
      jmh(jar, list, "-l");
      return Files.readAllLines(list).stream()
          .filter(line -> line.startsWith(PACKAGE))
          .toList();
    } finally {
      Files.delete(list);
    }
  }

  /** Returns the results by benchmark and parameters; none if it failed. */
  private Map<String, JsonNode> run(Path jar, String name)
      throws IOException, InterruptedException {
    Path results = Files.createTempFile("benchmarks-builds", ".json");
    Path output = Files.createTempFile("benchmarks-builds", ".txt");
    try {
      List<String> words = new ArrayList<>(List.of(Pattern.quote(name) + "$"));
      words.addAll(List.of("-f", "1", "-wi", "3", "-w", "400ms", "-i", "4", "-r", "300ms"));
      words.addAll(List.of("-rf", "json", "-rff", results.toString()));
      jmh(jar, output, words.toArray(String[]::new));
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

  private void jmh(Path jar, Path output, String... words)
      throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(List.of(java, "-cp", jar.toString(), "org.openjdk.jmh.Main"));
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
