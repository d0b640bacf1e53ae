package io.github.scalingtoolkit.benchmarks.callers;

import io.github.scalingtoolkit.benchmarks.hotpath.LocalRedis;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.regex.Pattern;

/** The rows of {@code callers} for two builds of the toolkit, a slice of one and a slice of the other in turn. */
public final class TwoBuilds {
  /** Slices of each that warm up a row. */
  private static final int WARM = 2;

  /** So much oftener is a lone caller measured: where the scheduler puts it and Redis, on one core or two, decides most. */
  private static final int ALONE = 4;

  private TwoBuilds() {}

  /**
   * Measures each row that {@code only} finds, such as "callers pool: get, 64 platform", and hands it on with its pairs
   * of calls a second: before, after.
   *
   * @param before jar of the one build
   * @param after jar of the other, which has {@link SliceProgram}
   */
  public static void measure(
      String java,
      Path before,
      Path after,
      int slices,
      int millis,
      Pattern only,
      BiConsumer<String, List<double[]>> row)
      throws IOException, InterruptedException {
    Duration slice = Duration.ofMillis(millis);
    try (LocalRedis server = LocalRedis.start();
        DelayLine line = new DelayLine(URI.create(server.url()).getPort(), Duration.ofMillis(1))) {
      CallersCommand.fill(server.url());
      String far = "redis://127.0.0.1:" + line.port();
      String both = before + File.pathSeparator + after;
      for (String kind : List.of("shared", "pool")) {
        List<CallersCommand.Row> rows = CallersCommand.rows().stream()
            .filter(each -> only.matcher("callers " + kind + ": " + each.name()).find())
            .toList();
        if (rows.isEmpty()) {
          continue;
        }
        try (Rival beforeNear = program(java, both, kind, server.url());
            Rival afterNear = program(java, after.toString(), kind, server.url());
            Rival beforeFar = program(java, both, kind, far);
            Rival afterFar = program(java, after.toString(), kind, far)) {
          for (CallersCommand.Row each : rows) {
            row.accept(
                kind + ": " + each.name(),
                each.far()
                    ? pairs(each, beforeFar, afterFar, slices, slice)
                    : pairs(each, beforeNear, afterNear, slices, slice));
          }
        }
      }
    }
  }

  private static Rival program(String java, String classPath, String kind, String url)
      throws IOException {
    return Rival.program(
        kind, List.of(java, "-cp", classPath, SliceProgram.class.getName(), kind, url));
  }

  private static List<double[]> pairs(
      CallersCommand.Row row, Rival before, Rival after, int slices, Duration slice)
      throws IOException, InterruptedException {
    List<double[]> pairs = new ArrayList<>();
    int measured = row.callers() == 1 ? ALONE * slices : slices;
    for (int i = -WARM; i < measured; i++) {
      double[] pair = new double[2];
      for (int turn : i % 2 == 0 ? new int[] {0, 1} : new int[] {1, 0}) {
        pair[turn] = (turn == 0 ? before : after)
            .run(row.operation(), row.threads(), row.callers(), slice)
            .perSecond();
      }
      if (i >= 0) {
        pairs.add(pair);
      }
    }
    return pairs;
  }
}
