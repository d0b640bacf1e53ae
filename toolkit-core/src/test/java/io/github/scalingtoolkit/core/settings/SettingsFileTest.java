package io.github.scalingtoolkit.core.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.data.Index.atIndex;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.github.scalingtoolkit.testing.CapturedLog;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What may stand in a file that holds a value, and what is refused. */
class SettingsFileTest {
  @TempDir
  private Path directory;

  static Stream<Arguments> contentsThatAreTaken() {
    return Stream.of(
        arguments("s3cret", "s3cret"),
        arguments("s3cret\n", "s3cret"),
        arguments("s3cret\r\n", "s3cret"),
        arguments("\n\ns3cret\n\n", "s3cret"),
        arguments("s3cret\n  \t\n", "s3cret"),
        arguments("one\ntwo\n", "one\ntwo"),
        arguments("one\r\n\r\ntwo\r\n", "one\ntwo"),
        arguments("a b  c", "a b  c"),
        arguments("pässwörd 日本 😀", "pässwörd 日本 😀"));
  }

  @ParameterizedTest
  @MethodSource("contentsThatAreTaken")
  void theLinesThatAreNotBlankAreTheValue(String content, String value) throws IOException {
    assertThat(SettingsFile.read(file(content))).isEqualTo(value);
  }

  static Stream<Arguments> contentsThatAreRefused() {
    return Stream.of(
        arguments("", " is empty"),
        arguments("\r\n\n", " is empty"),
        arguments("s3cret \n", " line 1 ends with white space (U+0020)"),
        arguments("s3cret\u00A0\n", " line 1 ends with white space (U+00A0)"),
        arguments("s3cret\u200B\n", " line 1 holds the invisible character U+200B"),
        arguments("s3\u00ADcret", " line 1 holds the invisible character U+00AD"),
        arguments("one\n s3cret\n", " line 2 begins with white space (U+0020)"),
        arguments("s3cret\t", " line 1 holds the invisible character U+0009"),
        arguments("s3\tcret", " line 1 holds the invisible character U+0009"),
        arguments("s3cret\r", " line 1 holds the invisible character U+000D"),
        arguments("s3cret\r\r\n", " line 1 holds the invisible character U+000D"),
        arguments("one\ns3\u0000cret", " line 2 holds the invisible character U+0000"),
        arguments("s3cret\u2028", " line 1 holds the invisible character U+2028"),
        arguments("\uFEFFs3cret\n", " line 1 holds a byte order mark"),
        arguments("one\n\uFEFFs3cret\n", " line 2 holds a byte order mark"),
        arguments("\uFEFF", " line 1 holds a byte order mark"),
        arguments("s3cret".repeat(20_000), " is larger than 65536 bytes"));
  }

  @ParameterizedTest
  @MethodSource("contentsThatAreRefused")
  void whatCannotBelongToAValueIsRefusedWithFileAndLine(String content, String problem)
      throws IOException {
    Path file = file(content);

    assertThatExceptionOfType(SettingsException.class)
        .isThrownBy(() -> SettingsFile.read(file))
        .withMessageStartingWith(file + problem)
        .withMessageNotContaining("cret");
  }

  @Test
  void whatIsNotUtf8IsRefusedWithItsLine() throws IOException {
    Path latin = directory.resolve("latin");
    Files.write(latin, "one\ns3crät\n".getBytes(StandardCharsets.ISO_8859_1));
    Path utf16 = directory.resolve("utf16");
    Files.write(utf16, "s3cret".getBytes(StandardCharsets.UTF_16));

    assertThatExceptionOfType(SettingsException.class)
        .isThrownBy(() -> SettingsFile.read(latin))
        .withMessage(latin + " line 2 is not UTF-8 text: save the file as UTF-8");
    assertThatExceptionOfType(SettingsException.class)
        .isThrownBy(() -> SettingsFile.read(utf16))
        .withMessage(utf16 + " line 1 is not UTF-8 text: save the file as UTF-8 (it is UTF-16)");
  }

  @Test
  void allFilesThatAreWrongAreSaidTogetherWithTheirSettings() throws IOException {
    Path spaced = file("s3cret \n");
    Settings settings = Settings.from(SettingsSource.of(
        "environment",
        Map.of(
            "A_FILE", spaced.toString(),
            "B_FILE", directory.resolve("none").toString(),
            "C", "x")));
    settings.rotatingSecret("A", "");
    settings.text("B", "", "");
    settings.port("C", 1, "");

    assertThat(catchThrowableOfType(SettingsException.class, settings::finish).problems())
        .containsExactly(
            "A_FILE (from environment): " + spaced
                + " line 1 ends with white space (U+0020): remove it",
            "B_FILE (from environment): " + directory.resolve("none")
                + " cannot be read: there is no such file",
            "C must be a whole number from 0 to 65535 but was 'x' (from environment)");
  }

  @Test
  void aBadChangeOfASecretFileKeepsTheSecretAndIsReportedOnce() throws IOException {
    Path file = file("one\n");
    RotatingSecret secret = RotatingSecret.of(file);

    try (CapturedLog log = CapturedLog.start()) {
      for (String worse : new String[] {"two \n", "two \n", "\uFEFFtwo\n", ""}) {
        Files.writeString(file, worse);
        assertThat(secret.refresh()).isFalse();
        assertThat(secret.refresh()).isFalse();
      }
      assertThat(secret.current()).isEqualTo(Secret.of("one"));
      Files.writeString(file, "two\r\n");
      assertThat(secret.refresh()).isTrue();
      assertThat(secret.current()).isEqualTo(Secret.of("two"));
      Files.writeString(file, "");
      assertThat(secret.refresh()).isFalse();

      assertThat(log.lines(file.toString()))
          .hasSize(4)
          .allMatch(line -> line.contains("WARN"))
          .noneMatch(line -> line.contains("two"))
          .satisfies(line -> assertThat(line).contains("ends with white space"), atIndex(0))
          .satisfies(line -> assertThat(line).contains("holds a byte order mark"), atIndex(1))
          .satisfies(line -> assertThat(line).contains("is empty"), atIndex(2))
          .satisfies(line -> assertThat(line).contains("is empty"), atIndex(3));
    }
  }

  private Path file(String content) throws IOException {
    return Files.writeString(directory.resolve("value"), content);
  }
}
