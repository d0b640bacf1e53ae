package io.github.scalingtoolkit.core.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.data.Index.atIndex;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code .env} files as people write them, with the values that dotenv 17 and 18 of Node have for them. */
class DotEnvTest {
  @TempDir
  private Path directory;

  /** What the file is like or who reported it, its text, and its values. */
  static Stream<Arguments> filesThatDotenvReads() {
    return Stream.of(
        arguments("plain", "A=b\nC=d", Map.of("A", "b", "C", "d")),
        arguments("empty file", "", Map.of()),
        arguments("comments only", "# a\n\n  # b\n", Map.of()),
        arguments(
            "empty values",
            "A=\nB= \nC=''\nD=\"\" # none",
            Map.of("A", "", "B", "", "C", "", "D", "")),
        arguments("spaces around =", " A = b c \n", Map.of("A", "b c")),
        arguments("tabs", "\tA\t=\tb\t\n", Map.of("A", "b")),
        arguments("yaml's colon", "A: b\nC:  'd'\n", Map.of("A", "b", "C", "d")),
        arguments("= in a value", "A=b=c==\n", Map.of("A", "b=c==")),
        arguments("names with digits, dots and dashes", "1a.b-c=d\n", Map.of("1a.b-c", "d")),
        arguments("motdotla/dotenv#484", "A=HELLO # why\n", Map.of("A", "HELLO")),
        arguments(
            "motdotla/dotenv#601",
            "A='{\"x\":\"stops here#or not\"}'\n",
            Map.of("A", "{\"x\":\"stops here#or not\"}")),
        arguments(
            "motdotla/dotenv#601, unquoted",
            "A={\"x\":\"stops here#this is discarded\"}\n",
            Map.of("A", "{\"x\":\"stops here")),
        arguments("motdotla/dotenv#633", "A=abc#def\n", Map.of("A", "abc")),
        arguments("motdotla/dotenv#633, escaped", "A=abc\\#def\n", Map.of("A", "abc\\")),
        arguments(
            "motdotla/dotenv#568",
            "A=\"a new order (#%order_n%)\"\n",
            Map.of("A", "a new order (#%order_n%)")),
        arguments(
            "cdimascio/dotenv-java#44",
            "A=\"iH4>hb_d0#_GN8d]6\"\n",
            Map.of("A", "iH4>hb_d0#_GN8d]6")),
        arguments(
            "cdimascio/dotenv-java#81",
            "A=v1\nB=\"v2\"\nC='v3'\n",
            Map.of("A", "v1", "B", "v2", "C", "v3")),
        arguments(
            "a comment after quotes",
            "A='b' # c\nB=\"d\"# e\nC=`f` #g\n",
            Map.of("A", "b", "B", "d", "C", "f")),
        arguments("quotes in a comment", "A='b' # it's \"c\"\n", Map.of("A", "b")),
        arguments(
            "motdotla/dotenv#197", "A=\"  b  \"\nC=' d '\n", Map.of("A", "  b  ", "C", " d ")),
        arguments("motdotla/dotenv#322", "A=\"b\"  \nC=d  \n", Map.of("A", "b", "C", "d")),
        arguments(
            "motdotla/dotenv#683",
            "A=b\r\nC='d'\r\nE=\"f\r\ng\"\r\n",
            Map.of("A", "b", "C", "d", "E", "f\ng")),
        arguments("lone carriage returns", "A=b\rC=d\r", Map.of("A", "b", "C", "d")),
        arguments(
            "motdotla/dotenv#629",
            "A=`'single' and \"double\"`\n",
            Map.of("A", "'single' and \"double\"")),
        arguments(
            "motdotla/dotenv#611",
            "A=`{\n  \"foo\": \"it's\"\n}`\nB=c\n",
            Map.of("A", "{\n  \"foo\": \"it's\"\n}", "B", "c")),
        arguments(
            "motdotla/dotenv#196",
            "A=\"-----BEGIN-----\nab#c=\n-----END-----\"\nB=c\n",
            Map.of("A", "-----BEGIN-----\nab#c=\n-----END-----", "B", "c")),
        arguments(
            "escapes",
            "A=\"b\\nc\\rd\\te\"\nB='b\\nc'\nC=b\\nc\n",
            Map.of("A", "b\nc\rd\\te", "B", "b\\nc", "C", "b\\nc")),
        arguments(
            "motdotla/dotenv#496",
            "A=\"Money\\$\"\nB=\"\\\"C:\\\\x\\\"\"\n",
            Map.of("A", "Money\\$", "B", "\\\"C:\\\\x\\\"")),
        arguments("dotenvx/dotenvx#728", "A='Let\\'s go!'\n", Map.of("A", "Let\\'s go!")),
        arguments(
            "a backslash before the last quote",
            "A='C:\\dir\\'\nB=c\n",
            Map.of("A", "C:\\dir\\", "B", "c")),
        arguments(
            "quotes within the same quotes",
            "A='it's'\nB=\"a\" \"b\"\n",
            Map.of("A", "it's", "B", "a\" \"b")),
        arguments("an apostrophe", "A=it's\nB=5\"\n", Map.of("A", "it's", "B", "5\"")),
        arguments(
            "motdotla/dotenv#30", "A={\"foo\": \"bar\"}\n", Map.of("A", "{\"foo\": \"bar\"}")),
        arguments(
            "motdotla/dotenv#108",
            "A='$c|{u;%Z9'\nB=pas$word\nC=\"${A}\"\n",
            Map.of("A", "$c|{u;%Z9", "B", "pas$word", "C", "${A}")),
        arguments("docker/compose#11058", "A=\"abc$def\"\n", Map.of("A", "abc$def")),
        arguments(
            "docker/compose#9879",
            "A=VAL # comment\nB=\"VAL # not\"\nC=\"VAL\" # comment\n",
            Map.of("A", "VAL", "B", "VAL # not", "C", "VAL")),
        arguments(
            "motdotla/dotenv#967",
            "export A=b\nexport\tC = 'd'\nexport=1\nexporter=2\n",
            Map.of("A", "b", "C", "d", "export", "1", "exporter", "2")),
        arguments("theskumar/python-dotenv#637", "\uFEFFA=b\nC=d\n", Map.of("A", "b", "C", "d")),
        arguments("no-break spaces", "A=\u00A0b\u00A0\n", Map.of("A", "b")),
        arguments(
            "letters of the world", "A=zażółć # ü\nB='日本'\n", Map.of("A", "zażółć", "B", "日本")),
        arguments("the last of several", "A=b\nA=c\n", Map.of("A", "c")));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("filesThatDotenvReads")
  void eachValueIsWhatDotenvOfNodeReads(String like, String text, Map<String, String> values)
      throws IOException {
    SettingsSource read = read(text);

    assertThat(read.problems()).isEmpty();
    assertThat(valuesOf(read)).isEqualTo(values);
  }

  /** Dotenv skips these lines, or keeps half of their quotes (motdotla/dotenv#608, #631). */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "s3cret",
        "A",
        "=s3cret",
        "export A",
        "A B=s3cret",
        "A:s3cret",
        "A$=s3cret",
        "postgres://u:s3cret@h/db",
        "A='s3cret",
        "A=\"",
        "A=\"s3cret' ",
        "A='s3cret' x",
        "A=\"~`! @#$%^&*()_-+={[}]|\\:;\"'<,>.?/\"",
        "A='s3#cr'et'"
      })
  void aLineThatMeansNothingIsNamedByItsNumberAndTheOthersAreRead(String line) throws IOException {
    SettingsSource read = read("B=c\n" + line + "\nD=e\n");

    assertThat(read.problems()).singleElement().asString().contains(".env line 2 ");
    assertThat(read.problems().toString() + read.hints()).doesNotContain("s3", "cret");
    assertThat(valuesOf(read)).containsEntry("B", "c").containsEntry("D", "e").hasSize(2);
  }

  @Test
  void linesAreCountedThroughValuesOfSeveralLines() throws IOException {
    SettingsSource read = read("# one\r\nA=\"two\r\nthree\r\nfour\"\r\n\r\nsix\r\nB='seven\r\n");

    assertThat(read.problems())
        .hasSize(2)
        .satisfies(problem -> assertThat(problem).contains(" line 6 is not NAME=value"), atIndex(0))
        .satisfies(problem -> assertThat(problem).contains(" line 7 has a value"), atIndex(1));
  }

  @Test
  void aValueThatIsCutShortAndANameThatIsSetTwiceAreHintedAt() throws IOException {
    SettingsSource read = read("A=s3#cret\nB=c #d\nC=#d\nB=e\nB=e\nD='f'#g\n");

    assertThat(read.problems()).isEmpty();
    assertThat(read.hints())
        .hasSize(3)
        .noneMatch(hint -> hint.contains("s3"))
        .satisfies(hint -> assertThat(hint).contains(" line 1 has a #"), atIndex(0))
        .satisfies(hint -> assertThat(hint).contains(" line 3 has a #"), atIndex(1))
        .satisfies(hint -> assertThat(hint).contains(" line 4 sets again what line 2"), atIndex(2));
    assertThat(Settings.from(read).hints()).isEqualTo(read.hints());
  }

  @Test
  void allThatIsWrongWithItIsSaidTogetherWithWhatIsWrongElsewhere() throws IOException {
    Settings settings = Settings.from(read("one\nPORT=x\nthree\n"));
    settings.port("PORT", 3000, "");

    assertThat(catchThrowableOfType(SettingsException.class, settings::finish).problems())
        .hasSize(3)
        .anyMatch(problem -> problem.contains(".env line 1 "))
        .anyMatch(problem -> problem.contains(".env line 3 "))
        .anyMatch(problem -> problem.startsWith("PORT must be "));
  }

  @Test
  void aFileOfAnotherEncodingIsRefusedAndOneThatIsNotThereIsEmpty() throws IOException {
    assertThat(read("A=b\n", StandardCharsets.UTF_16).problems())
        .singleElement()
        .asString()
        .endsWith(".env line 1 is not UTF-8 text: save the file as UTF-8 (it is UTF-16)");
    assertThat(read("A=b\nC=ü\n", StandardCharsets.ISO_8859_1).problems())
        .singleElement()
        .asString()
        .endsWith(".env line 2 is not UTF-8 text: save the file as UTF-8");
    assertThat(valuesOf(SettingsSource.dotEnv(directory.resolve("none")))).isEmpty();
    assertThat(SettingsSource.dotEnv(directory).problems()).hasSize(1);
  }

  @Test
  void aLongValueIsRead() throws IOException {
    String value = "\\'x".repeat(100_000);

    assertThat(valuesOf(read("A='" + value + "'\n"))).isEqualTo(Map.of("A", value));
  }

  private SettingsSource read(String text) throws IOException {
    return read(text, StandardCharsets.UTF_8);
  }

  private SettingsSource read(String text, Charset encoding) throws IOException {
    return SettingsSource.dotEnv(Files.writeString(directory.resolve(".env"), text, encoding));
  }

  private static Map<String, String> valuesOf(SettingsSource source) {
    Map<String, String> values = new HashMap<>();
    for (String key : List.copyOf(source.keys())) {
      values.put(key, String.valueOf(source.lookup(key)));
    }
    return values;
  }
}
