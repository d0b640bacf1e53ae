package io.github.scalingtoolkit.benchmarks.scale;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.scalingtoolkit.benchmarks.Companion;
import io.github.scalingtoolkit.benchmarks.report.Cache;
import io.github.scalingtoolkit.benchmarks.report.Row;
import io.github.scalingtoolkit.benchmarks.report.Scenario;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A service of others that does what this project's does, as the {@code peer.json} of its folder describes it.
 *
 * @param directory its folder, in which its commands are run
 * @param name its row
 * @param title what it is, with versions
 * @param build the command that builds it; empty if there is nothing to build
 * @param start the command that starts it, with PORT, MONGO_URI, REDIS_URL and JWT_SECRET in its environment; it then
 *     listens on 127.0.0.1
 * @param environment what its environment has besides
 * @param scenarios what it can be asked
 * @param queue where the jobs of its creates are
 * @param remarks what it does not do
 */
record Peer(
    Path directory,
    String name,
    String title,
    List<String> build,
    List<String> start,
    Map<String, String> environment,
    List<Scenario> scenarios,
    Jobs.Queue queue,
    String remarks) {
  private static final String DESCRIPTION = "peer.json";
  private static final ObjectMapper JSON = new ObjectMapper();
  /** npm writes it last: without it, an installation was cut short. */
  private static final String INSTALLED = "node_modules/.package-lock.json";

  private static final List<String> MADE = List.of("node_modules", "target");

  /**
   * Reads all peers below {@code peers}, in the order of their names.
   *
   * @throws IOException if a description is wrong, with its file and field
   */
  static List<Peer> all(Path peers) throws IOException {
    if (!Files.isDirectory(peers)) {
      return List.of();
    }
    List<Path> found;
    try (Stream<Path> directories = Files.list(peers)) {
      found = directories
          .filter(directory -> Files.isRegularFile(directory.resolve(DESCRIPTION)))
          .sorted()
          .toList();
    }
    List<Peer> all = new ArrayList<>();
    for (Path directory : found) {
      all.add(read(directory));
    }
    return all;
  }

  /** Reads the one in {@code directory}. */
  static Peer read(Path directory) throws IOException {
    Path file = directory.resolve(DESCRIPTION);
    JsonNode json = JSON.readTree(Files.readAllBytes(file));
    List<Scenario> scenarios = new ArrayList<>();
    for (String word : words(json, "rows")) {
      scenarios.add(Scenario.of(word)
          .orElseThrow(
              () -> new IOException(file + ": rows: there is no scenario '" + word + "'")));
    }
    if (scenarios.containsAll(
            List.of(Scenario.LIST, Scenario.HEALTH, Scenario.CREATE, Scenario.LOGIN))
        && !scenarios.contains(Scenario.MIX)) {
      scenarios.add(Scenario.MIX);
    }
    Map<String, String> environment = new LinkedHashMap<>();
    json.path("env")
        .properties()
        .forEach(entry -> environment.put(entry.getKey(), entry.getValue().asText()));
    List<String> start = words(json, "start");
    if (start.isEmpty()) {
      throw new IOException(file + ": start must be a command but is missing");
    }
    return new Peer(
        directory,
        text(file, json, "name"),
        text(file, json, "title"),
        words(json, "build"),
        start,
        environment,
        scenarios,
        queue(file, json.path("queue").asText("bull")),
        json.path("remarks").asText());
  }

  /** Returns its row. */
  Row row() {
    return new Row(name);
  }

  /** Returns where its lists come from. */
  Cache cache() {
    return Cache.OWN;
  }

  /** Returns the versions of its direct dependencies as its lock file pins them; empty if it has none. */
  String pinned() throws IOException {
    Path lock = directory.resolve("package-lock.json");
    if (!Files.exists(lock)) {
      return "";
    }
    JsonNode packages = JSON.readTree(Files.readAllBytes(lock)).path("packages");
    List<String> versions = new ArrayList<>();
    packages.path("").path("dependencies").properties().forEach(entry -> {
      JsonNode installed = packages.path("node_modules/" + entry.getKey());
      versions.add(entry.getKey() + " " + installed.path("version").asText());
    });
    return String.join(", ", versions);
  }

  /** Tells whether it is built, and since its sources were changed last. */
  boolean isBuilt(Path built) throws IOException {
    if (build.isEmpty()) {
      return true;
    }
    if (build.get(0).equals("npm")) {
      int prefix = build.indexOf("--prefix") + 1;
      Path packages = prefix == 0 ? directory : directory.resolve(build.get(prefix));
      return Files.isRegularFile(packages.resolve(INSTALLED));
    }
    Path mark = built.resolve(name);
    return Files.exists(mark) && Files.getLastModifiedTime(mark).compareTo(newestSource()) >= 0;
  }

  /** Builds it if it is not built. Needs a registry, so it is called before the network is left. Says so if it cannot. */
  void build(Path built) throws IOException, InterruptedException {
    if (isBuilt(built)) {
      return;
    }
    if (Artifacts.onPath(build.get(0)).isEmpty()) {
      return;
    }
    System.out.println(String.join(" ", build) + " in " + directory);
    Files.createDirectories(built);
    Path log = built.resolve(name + ".log");
    ProcessBuilder builder = new ProcessBuilder(build)
        .directory(directory.toFile())
        .redirectErrorStream(true)
        .redirectOutput(log.toFile());
    try (Companion running = Companion.start(builder)) {
      int code = running.process().waitFor();
      if (code == 0) {
        Files.writeString(built.resolve(name), "");
      } else {
        System.out.println("it failed with exit code " + code + ", so " + name
            + " will not run; its output is in " + log);
      }
    }
  }

  /** Returns why it cannot be started, or empty if it can. */
  Optional<String> obstacle(Path built) throws IOException {
    if (Artifacts.onPath(start.get(0)).isEmpty()) {
      return Optional.of(start.get(0) + " is not installed");
    }
    if (!isBuilt(built)) {
      return Optional.of("it is not built: " + String.join(" ", build) + " in " + directory);
    }
    return Optional.empty();
  }

  private FileTime newestSource() throws IOException {
    FileTime newest = FileTime.fromMillis(0);
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        boolean made = false;
        for (Path part : directory.relativize(file)) {
          made |= MADE.contains(part.toString());
        }
        FileTime time = Files.getLastModifiedTime(file);
        if (!made && time.compareTo(newest) > 0) {
          newest = time;
        }
      }
    }
    return newest;
  }

  private static Jobs.Queue queue(Path file, String word) throws IOException {
    return switch (word) {
      case "bull" -> Jobs.Queue.BULL;
      case "list" -> Jobs.Queue.LIST;
      case "none" -> Jobs.Queue.NONE;
      default ->
        throw new IOException(file + ": queue must be bull, list or none but was '" + word + "'");
    };
  }

  private static String text(Path file, JsonNode json, String field) throws IOException {
    String text = json.path(field).asText();
    if (text.isEmpty()) {
      throw new IOException(file + ": " + field + " must be text but is missing");
    }
    return text;
  }

  private static List<String> words(JsonNode json, String field) {
    List<String> words = new ArrayList<>();
    json.path(field).forEach(word -> words.add(word.asText()));
    return List.copyOf(words);
  }
}
