package io.github.scalingtoolkit.benchmarks.audit;

import io.github.scalingtoolkit.benchmarks.Arguments;
import java.util.List;
import java.util.Set;

/** {@code audit}: prints a verdict for each cell of the tutorial's table. */
public final class AuditCommand {
  private AuditCommand() {}

  /** Prints it. */
  public static int run(List<String> words) {
    Arguments.parse(words, Set.of(), Set.of()).withoutPlain();
    System.out.println("The tutorial's table, said to come from: ab -n " + SourceRow.REQUESTS
        + " -c " + SourceRow.CONCURRENCY + " http://host" + SourceRow.URL);
    for (Finding finding : Audit.of(SourceRow.TABLE, Runtime.getRuntime().availableProcessors())) {
      System.out.printf(
          "%-24s %-11s %8s  %-10s %s%n",
          finding.row(), finding.column(), finding.value(), finding.verdict(), finding.reason());
    }
    return 0;
  }
}
