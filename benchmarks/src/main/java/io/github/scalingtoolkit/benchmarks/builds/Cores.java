package io.github.scalingtoolkit.benchmarks.builds;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** The cores that this process may use, and the words that keep a command, and what it starts, on one of them. */
final class Cores {
  private static final Path TASKSET = Path.of("/usr/bin/taskset");
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final String LIST = "Cpus_allowed_list:";

  private Cores() {}

  /** Returns the words for each core; none where there is no {@code taskset}. */
  static List<List<String>> words() throws IOException {
    if (!Files.isExecutable(TASKSET) || !Files.isReadable(STATUS)) {
      return List.of();
    }
    try (Stream<String> lines = Files.lines(STATUS)) {
      return lines
          .filter(line -> line.startsWith(LIST))
          .flatMap(line -> parse(line.substring(LIST.length()).strip()).stream())
          .map(core -> List.of(TASKSET.toString(), "-c", String.valueOf(core)))
          .toList();
    }
  }

  /** Returns the cores of a list such as {@code 0-1,4}. */
  static List<Integer> parse(String list) {
    List<Integer> cores = new ArrayList<>();
    for (String range : list.split(",", -1)) {
      String[] ends = range.split("-", -1);
      for (int core = Integer.parseInt(ends[0]);
          core <= Integer.parseInt(ends[ends.length - 1]);
          core++) {
        cores.add(core);
      }
    }
    return cores;
  }
}
