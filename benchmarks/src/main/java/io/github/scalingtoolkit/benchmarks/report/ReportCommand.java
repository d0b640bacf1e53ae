package io.github.scalingtoolkit.benchmarks.report;

import io.github.scalingtoolkit.benchmarks.Arguments;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/**
 * {@code report <directory>}: writes the page and its charts anew from the raw data in the directory, and with
 * {@code --readme FILE} what that file says of them.
 */
public final class ReportCommand {
  private ReportCommand() {}

  /** Writes them. */
  public static int run(List<String> words) throws IOException {
    Arguments arguments = Arguments.parse(words, Set.of("--readme"), Set.of());
    Path directory = Path.of(arguments.only("the directory of the results"));
    Page.write(directory);
    System.out.println("written: " + directory.resolve(Page.NAME));
    if (arguments.has("--readme")) {
      Path readme = Path.of(arguments.text("--readme", ""));
      String folder = readme
          .toAbsolutePath()
          .resolveSibling("")
          .relativize(directory.toAbsolutePath())
          .toString()
          .replace('\\', '/');
      List<Group> groups = Group.readAll(directory.resolve(Page.RAW));
      Files.writeString(
          readme, ReadmeBlock.replaced(Files.readString(readme), Page.summary(groups, folder)));
      System.out.println("written: " + readme);
    }
    return 0;
  }
}
