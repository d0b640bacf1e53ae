package io.github.scalingtoolkit.benchmarks.callers;

import io.github.scalingtoolkit.benchmarks.Arguments;
import io.github.scalingtoolkit.benchmarks.callers.Slice.Threads;
import io.github.scalingtoolkit.benchmarks.hotpath.LocalRedis;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import redis.clients.jedis.RedisClient;

/**
 * {@code callers}: how often so many callers of one process get something from one Redis, over shared connections, over
 * pools of Jedis, and over Lettuce and Redisson. All stay open for the whole session and are asked in turn, in short
 * slices, forwards and backwards: so a machine that gets slower favours neither.
 */
public final class CallersCommand {
  private static final Path PEERS = Path.of("benchmarks/peers/java/target/peers.jar");
  /** Shared connections and two pools: the others are peers. */
  private static final int OURS = 3;

  /** What one row of the table is about. */
  record Row(Operation operation, Threads threads, int callers, boolean far) {
    String name() {
      return operation.word() + ", " + callers + " "
          + threads.name().toLowerCase(Locale.ROOT)
          + (far ? ", 1 ms away" : "");
    }
  }

  private final int rounds;
  private final Duration slice;

  private CallersCommand(int rounds, Duration slice) {
    this.rounds = rounds;
    this.slice = slice;
  }

  /** Runs it, prints the table and writes it to {@code --out}. */
  public static int run(List<String> words) throws IOException, InterruptedException {
    Arguments arguments = Arguments.parse(words, Set.of("--out", "--rounds", "--millis"), Set.of())
        .withoutPlain();
    int rounds = arguments.integer("--rounds", 5, 1, 100);
    int millis = arguments.integer("--millis", 500, 50, 60_000);
    String table =
        new CallersCommand(rounds, Duration.ofMillis(millis)).measure(String.join(" ", words));
    System.out.print(table);
    String out = arguments.text("--out", "");
    if (!out.isEmpty()) {
      Files.createDirectories(Path.of(out));
      Files.writeString(Path.of(out, "REPORT.md"), table);
    }
    return 0;
  }

  private String measure(String words) throws IOException, InterruptedException {
    try (LocalRedis server = LocalRedis.start();
        DelayLine line = new DelayLine(URI.create(server.url()).getPort(), Duration.ofMillis(1))) {
      String version = fill(server.url());
      List<Rival> near = open(server.url());
      List<Rival> far = open("redis://127.0.0.1:" + line.port());
      StringBuilder table = new StringBuilder(head(near, version, words));
      try {
        for (Row row : rows()) {
          table.append(line(row, row.far ? far : near)).append('\n');
          System.out.println(row.name());
        }
      } finally {
        for (Rival rival : near) {
          rival.close();
        }
        for (Rival rival : far) {
          rival.close();
        }
      }
      return table.toString();
    }
  }

  static String fill(String url) {
    try (RedisClient client = RedisClient.builder().fromURI(url).build()) {
      for (int caller = 0; caller < 1000; caller++) {
        client.set("callers:" + caller, Operation.VALUE);
      }
      client.scriptLoad(Operation.SCRIPT);
      return client
          .info("server")
          .lines()
          .filter(each -> each.startsWith("redis_version:"))
          .map(each -> each.substring("redis_version:".length()))
          .findFirst()
          .orElse("unknown");
    }
  }

  private static List<Rival> open(String url) throws IOException {
    List<Rival> rivals = new ArrayList<>();
    rivals.add(Rival.toolkit("shared", url, 64, true));
    rivals.add(Rival.toolkit("pool of 8", url, 8, false));
    rivals.add(Rival.toolkit("pool of 64", url, 64, false));
    if (Files.exists(PEERS)) {
      String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
      rivals.add(Rival.peer("lettuce", PEERS, java, url));
      rivals.add(Rival.peer("redisson", PEERS, java, url));
    } else {
      System.out.println("NOT RUN: Lettuce and Redisson: there is no " + PEERS
          + "; mvn -B -q -f benchmarks/peers/java/pom.xml package makes it");
    }
    return rivals;
  }

  static List<Row> rows() {
    List<Row> rows = new ArrayList<>();
    for (int callers : new int[] {1, 4, 8, 16, 32, 64, 128}) {
      rows.add(new Row(Operation.GET, Threads.PLATFORM, callers, false));
    }
    List<Threads> kinds = Threads.haveVirtual()
        ? List.of(Threads.PLATFORM, Threads.VIRTUAL)
        : List.of(Threads.PLATFORM);
    if (Threads.haveVirtual()) {
      rows.add(new Row(Operation.GET, Threads.VIRTUAL, 64, false));
      rows.add(new Row(Operation.GET, Threads.VIRTUAL, 1000, false));
    } else {
      System.out.println("NOT RUN: virtual threads need JDK 21");
    }
    for (Threads threads : kinds) {
      for (Operation operation : List.of(Operation.SET, Operation.EVALSHA, Operation.MGET)) {
        rows.add(new Row(operation, threads, 64, false));
      }
      rows.add(new Row(Operation.GET, threads, 64, true));
    }
    return rows;
  }

  private String line(Row row, List<Rival> rivals) throws IOException, InterruptedException {
    Map<Rival, List<Double>> rates = new LinkedHashMap<>();
    rivals.forEach(rival -> rates.put(rival, new ArrayList<>()));
    List<Double> fewest = new ArrayList<>();
    List<Rival> order = new ArrayList<>(rivals);
    // The first round is to warm up.
    for (int round = -1; round < rounds; round++) {
      for (Rival rival : order) {
        Slice measured = rival.run(row.operation, row.threads, row.callers, slice);
        if (round >= 0) {
          Objects.requireNonNull(rates.get(rival)).add(measured.perSecond());
          if (rival == rivals.get(0)) {
            fewest.add(measured.fewest());
          }
        }
      }
      Collections.reverse(order);
    }
    List<List<Double>> byRival = List.copyOf(rates.values());
    List<Double> medians = byRival.stream().map(CallersCommand::median).toList();
    double shared = medians.get(0);
    StringBuilder line = new StringBuilder("| " + row.name());
    for (List<Double> all : byRival) {
      line.append(String.format(
          Locale.ROOT,
          " | %.0f (%.0f to %.0f)",
          median(all) / 1000,
          Collections.min(all) / 1000,
          Collections.max(all) / 1000));
    }
    line.append(String.format(
        Locale.ROOT, " | **%.2f x**", shared / Math.max(medians.get(1), medians.get(2))));
    for (double peer : medians.subList(OURS, medians.size())) {
      line.append(String.format(Locale.ROOT, " | %.1f x", shared / peer));
    }
    return line.append(String.format(Locale.ROOT, " | %.0f %% |", 100 * median(fewest)))
        .toString();
  }

  private String head(List<Rival> rivals, String version, String words) throws IOException {
    StringBuilder head = new StringBuilder("# Benchmark: callers\n\n");
    head.append("Thousands of calls a second, medians of ")
        .append(rounds)
        .append(" slices of ")
        .append(slice.toMillis())
        .append(
            " ms (least to most), in turn; keys of 64 bytes, one for each caller. The last column: what\n")
        .append("the slowest caller of the shared connections got, as a share of the mean.\n\n");
    head.append("Redis ")
        .append(version)
        .append(", Java ")
        .append(Runtime.version())
        .append(", ")
        .append(Runtime.getRuntime().availableProcessors())
        .append(" cores shared by callers and Redis, load average before ")
        .append(
            Files.exists(Path.of("/proc/loadavg"))
                ? Files.readString(Path.of("/proc/loadavg")).split(" ")[0]
                : "unknown")
        .append(
            ".\n\n```sh\nmvn -B -q package -DskipTests && mvn -B -q -f benchmarks/peers/java/pom.xml package\n")
        .append("java -jar benchmarks/target/benchmarks.jar callers ")
        .append(words)
        .append("\n```\n\n|  ");
    rivals.forEach(rival -> head.append("| ").append(rival.name()).append(' '));
    head.append("| shared beside the better pool ");
    rivals
        .subList(3, rivals.size())
        .forEach(rival -> head.append("| beside ").append(rival.name()).append(' '));
    head.append("| slowest caller |\n|");
    head.append("---|".repeat(2 * rivals.size() - OURS + 3));
    return head.append('\n').toString();
  }

  private static double median(List<Double> values) {
    List<Double> sorted = values.stream().sorted().toList();
    int middle = sorted.size() / 2;
    return sorted.size() % 2 == 1
        ? sorted.get(middle)
        : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
  }
}
