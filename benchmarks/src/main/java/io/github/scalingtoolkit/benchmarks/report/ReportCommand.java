package io.github.scalingtoolkit.benchmarks.report;

import io.github.scalingtoolkit.benchmarks.Arguments;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/** {@code report <directory>}: writes the report and its charts anew from the directory's runs.json or pairs.json. */
public final class ReportCommand {
  private ReportCommand() {}

  /** Writes them. */
  public static int run(List<String> words) throws IOException {
    Path directory =
        Path.of(Arguments.parse(words, Set.of(), Set.of()).only("the directory of the results"));
    if (PairedResults.in(directory)) {
      PairedReport.write(PairedResults.read(directory), directory);
    } else {
      Report.write(Results.read(directory), directory);
    }
    System.out.println("written: " + directory.resolve(Report.NAME));
    return 0;
  }
}
