package io.github.scalingtoolkit.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Every Java block of the README and the docs is a region of a test that runs, to the letter. */
class SnippetsTest {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final Pattern BLOCK =
      Pattern.compile("(?:<!-- snippet: ([a-z-]+) -->\\s*\\n)?```java\\n(.*?)```", Pattern.DOTALL);
  private static final Pattern WHOLE_FILE = Pattern.compile(
      "package [a-z.]+;\\s*// tag::([a-z-]+)\\[]\\n(.*)// end::\\1\\[]\\s*", Pattern.DOTALL);
  private static final Pattern REGION =
      Pattern.compile(" *// tag::([a-z-]+)\\[]\\n(.*?) *// end::\\1\\[]", Pattern.DOTALL);

  @Test
  void everyJavaBlockIsARegionOfATestThatRuns() throws IOException {
    Map<String, String> regions = regions();
    List<String> seen = new ArrayList<>();

    for (Path page : pages()) {
      Matcher block = BLOCK.matcher(Files.readString(page));
      while (block.find()) {
        assertThat(block.group(1))
            .as("a Java block of %s without <!-- snippet: … -->", page)
            .isNotNull();
        assertThat(block.group(2).strip())
            .as("snippet %s of %s", block.group(1), page)
            .isEqualTo(regions.get(block.group(1)));
        seen.add(block.group(1));
      }
    }

    assertThat(seen).contains("core", "cache", "queue", "auth");
  }

  @Test
  void everyJavaBlockOfTheReadmeCompilesAsItIsPasted() throws IOException {
    Map<String, String> wholeFiles = new HashMap<>();
    for (Path source : sources()) {
      Matcher whole = WHOLE_FILE.matcher(Files.readString(source));
      if (whole.matches()) {
        wholeFiles.put(whole.group(1), whole.group(2).strip());
      }
    }

    Matcher block = BLOCK.matcher(Files.readString(ROOT.resolve("README.md")));
    List<String> seen = new ArrayList<>();
    while (block.find()) {
      assertThat(block.group(2).strip())
          .as("snippet %s of README.md", block.group(1))
          .isEqualTo(wholeFiles.get(block.group(1)));
      seen.add(block.group(1));
    }

    assertThat(seen).containsExactlyInAnyOrder("core", "cache", "queue", "auth");
  }

  private static List<Path> sources() throws IOException {
    try (Stream<Path> files = Files.walk(ROOT.resolve("docs/src/test/java"))) {
      return files.filter(file -> file.toString().endsWith(".java")).toList();
    }
  }

  private static List<Path> pages() throws IOException {
    List<Path> pages = new ArrayList<>(List.of(ROOT.resolve("README.md")));
    try (Stream<Path> files = Files.walk(ROOT.resolve("docs"))) {
      files
          .filter(file -> file.toString().endsWith(".md") && !file.toString().contains("target"))
          .forEach(pages::add);
    }
    return pages;
  }

  private static Map<String, String> regions() throws IOException {
    Map<String, String> regions = new HashMap<>();
    for (Path source : sources()) {
      Matcher region = REGION.matcher(Files.readString(source));
      while (region.find()) {
        assertThat(regions.put(region.group(1), unindented(region.group(2))))
            .as("region %s is there once", region.group(1))
            .isNull();
      }
    }
    return regions;
  }

  private static String unindented(String code) {
    int indent = code.lines()
        .filter(line -> !line.isBlank())
        .mapToInt(line -> line.length() - line.stripLeading().length())
        .min()
        .orElse(0);
    return code.lines()
        .map(line -> line.isBlank() ? "" : line.substring(indent))
        .collect(Collectors.joining("\n"))
        .strip();
  }
}
