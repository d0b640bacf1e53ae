package io.github.scalingtoolkit.benchmarks.verify;

import io.github.scalingtoolkit.benchmarks.Arguments;
import io.github.scalingtoolkit.benchmarks.UsageException;
import io.github.scalingtoolkit.benchmarks.verify.Contract.Outcome;
import java.net.URI;
import java.util.List;
import java.util.Set;

/** {@code verify <url>}: prints what became of each promise. */
public final class VerifyCommand {
  private VerifyCommand() {}

  /** Prints it, and returns 0 if every promise was kept, else 1. */
  public static int run(List<String> words) throws InterruptedException {
    Arguments arguments =
        Arguments.parse(words, Set.of("--level", "--username", "--password"), Set.of());
    Level level = switch (arguments.text("--level", "full")) {
      case "tutorial" -> Level.TUTORIAL;
      case "full" -> Level.FULL;
      default ->
        throw new UsageException(
            "--level must be tutorial or full but was '" + arguments.text("--level", "") + "'");
    };
    URI base = url(arguments.only("the service's URL"));
    List<Outcome> outcomes = Contract.check(
        new Client(base),
        arguments.text("--username", "user"),
        arguments.text("--password", "pass"),
        level);
    for (Outcome outcome : outcomes) {
      System.out.println(
          outcome.kept()
              ? "ok      " + outcome.what()
              : "BROKEN  " + outcome.what() + ": " + outcome.problem());
    }
    long broken = outcomes.stream().filter(outcome -> !outcome.kept()).count();
    System.out.println(outcomes.size() - broken + " kept, " + broken + " broken");
    return broken == 0 ? 0 : 1;
  }

  /** Reads {@code http://host[:port]}. */
  public static URI url(String text) {
    try {
      URI url = URI.create(text);
      if ("http".equals(url.getScheme()) && url.getHost() != null) {
        return url;
      }
    } catch (IllegalArgumentException notAUrl) {
      // Said below.
    }
    throw new UsageException("the URL must be http://host:port but was '" + text + "'");
  }
}
