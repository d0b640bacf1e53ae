package io.github.scalingtoolkit.todo.login;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.scalingtoolkit.auth.Algorithm;
import io.github.scalingtoolkit.core.settings.RotatingSecret;
import io.github.scalingtoolkit.todo.deploy.Tool;
import io.github.scalingtoolkit.todo.deploy.Yaml;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The commands of the drill in docs/deployment.md make of the secret's text what its steps say. */
@Tag("once")
class RotationDrillTest {
  @TempDir
  private Path directory;

  /** The text before the drill, with LF for a line's end and CR before it: as an editor or another system leaves it. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "first-secret-of-at-least-32-bytes!LF",
        "first-secret-of-at-least-32-bytes!",
        "first-secret-of-at-least-32-bytes!CRLFCRLF",
        "first-secret-of-at-least-32-bytes!LFLF  LF"
      })
  void addSwapAndDropMakeTheTextsOfTheThreeSteps(String text) throws IOException {
    assumeTrue(
        Tool.find("bash").isPresent() && Tool.find("openssl").isPresent(),
        "NOT RUN: the drill's commands: there is no bash, or no openssl");
    Map<String, String> commands = Pattern.compile(
            "(?s)<!-- command: rotation-(\\w+) -->\\s*```sh\\s*(.*?)\\s*```")
        .matcher(Yaml.read(Path.of("../docs/deployment.md")))
        .results()
        .collect(Collectors.toMap(found -> found.group(1), found -> found.group(2)));
    Path secret = Files.writeString(
        directory.resolve("jwt-secret"), text.replace("CR", "\r").replace("LF", "\n"));
    String old = ids(secret).get(0);

    run(commands.get("add"));
    List<String> added = ids(secret);
    run(commands.get("swap"));
    List<String> swapped = ids(secret);
    run(commands.get("drop"));
    List<String> dropped = ids(secret);

    assertThat(commands).hasSize(3);
    assertThat(added).hasSize(2).first().isEqualTo(old);
    assertThat(swapped).containsExactly(added.get(1), old);
    assertThat(dropped).containsExactly(added.get(1));
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(secret)))
        .isEqualTo("rw-------");
  }

  private static List<String> ids(Path secret) {
    return new RotatingKeys(Algorithm.HS256, "i", RotatingSecret.of(secret)).ids();
  }

  private void run(String command) {
    Tool.Outcome outcome = Tool.run(directory, List.of("bash", "-euc", command));
    assertThat(outcome.code()).as(outcome.output()).isZero();
  }
}
