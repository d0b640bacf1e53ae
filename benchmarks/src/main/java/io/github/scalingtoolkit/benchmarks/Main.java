package io.github.scalingtoolkit.benchmarks;

import io.github.scalingtoolkit.benchmarks.audit.AuditCommand;
import io.github.scalingtoolkit.benchmarks.builds.BuildsCommand;
import io.github.scalingtoolkit.benchmarks.callers.CallersCommand;
import io.github.scalingtoolkit.benchmarks.invalidation.InvalidationCommand;
import io.github.scalingtoolkit.benchmarks.load.LoadCommand;
import io.github.scalingtoolkit.benchmarks.report.ReportCommand;
import io.github.scalingtoolkit.benchmarks.scale.PeerCommand;
import io.github.scalingtoolkit.benchmarks.scale.SessionCommand;
import io.github.scalingtoolkit.benchmarks.verify.VerifyCommand;
import java.io.IOException;
import java.util.List;
import java.util.Set;

/**
 * The command line of the benchmarks. Exit codes: 0 if it was done and holds, 1 if something was found wrong or could
 * not be done, 2 for a command line that cannot be obeyed, 130 after Ctrl-C.
 */
public final class Main {
  private static final String USAGE = """
      usage: java -jar benchmarks/target/benchmarks.jar <command>
        audit                       every cell of the tutorial's table against its command
        verify <url>                contract test of a running service; --level tutorial|full
        load <url>                  one endpoint under load; --rate N for the open model
        quick                       each set-up with each cache, Express and raw Undertow, a quarter of an hour
        publish                     all there is, with the peers, by groups: goes on where it was stopped
        ratios                      the ratios that have a goal, in several fresh starts
        smoke                       a few rows for a second, to see that they answer
        peer                        two faults of the Express peer
        callers                     many callers of one Redis: shared connections, pools, Lettuce, Redisson
        builds --before <jar>       whether this build of the libraries is slower than another
        invalidation                how long another cache still has what was written
        report <directory>          writes the page and the charts anew from the raw data
        jmh [arguments of JMH]      the libraries' hot paths
      docs/scaling.md has the options and what each figure means.
      """;

  private static final Set<String> HELP = Set.of("help", "-h", "--help");

  private Main() {}

  /** Does what the first word names. */
  public static void main(String[] args) throws InterruptedException {
    System.exit(run(List.of(args)));
  }

  static int run(List<String> words) throws InterruptedException {
    if (words.isEmpty()) {
      System.err.print(USAGE);
      return 2;
    }
    // JMH has help of its own.
    List<String> mayAskForHelp = words.get(0).equals("jmh") ? List.of() : words;
    if (mayAskForHelp.stream().anyMatch(HELP::contains)) {
      System.out.print(USAGE);
      return 0;
    }
    List<String> rest = words.subList(1, words.size());
    try {
      return switch (words.get(0)) {
        case "audit" -> AuditCommand.run(rest);
        case "verify" -> VerifyCommand.run(rest);
        case "load" -> LoadCommand.run(rest);
        case "quick" -> SessionCommand.run(SessionCommand.Kind.QUICK, rest);
        case "publish" -> SessionCommand.run(SessionCommand.Kind.PUBLISH, rest);
        case "ratios" -> SessionCommand.run(SessionCommand.Kind.RATIOS, rest);
        case "peer" -> PeerCommand.run(rest);
        case "callers" -> CallersCommand.run(rest);
        case "builds" -> BuildsCommand.run(rest);
        case "invalidation" -> InvalidationCommand.run(rest);
        case "smoke" -> SessionCommand.run(SessionCommand.Kind.SMOKE, rest);
        case "report" -> ReportCommand.run(rest);
        case "jmh" -> {
          org.openjdk.jmh.Main.main(rest.toArray(String[]::new));
          yield 0;
        }
        default -> throw new UsageException("there is no command '" + words.get(0) + "'");
      };
    } catch (UsageException wrong) {
      System.err.println(wrong.getMessage() + "\n" + USAGE);
      return 2;
    } catch (IOException failed) {
      System.err.println(words.get(0) + " could not be done: "
          + failed.getClass().getSimpleName() + ": " + failed.getMessage());
      return 1;
    }
  }
}
