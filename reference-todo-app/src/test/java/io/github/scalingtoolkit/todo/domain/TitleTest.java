package io.github.scalingtoolkit.todo.domain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TitleTest {
  /** What has White_Space in Unicode's PropList, and U+FEFF: what JavaScript's trim takes and NEL. */
  private static final List<Integer> TRIMMED = List.of(
      0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x20, 0x85, 0xA0, 0x1680, 0x2000, 0x2001, 0x2002, 0x2003,
      0x2004, 0x2005, 0x2006, 0x2007, 0x2008, 0x2009, 0x200A, 0x2028, 0x2029, 0x202F, 0x205F,
      0x3000, 0xFEFF);

  private static final String SMILE = "\uD83D\uDE00";

  @Test
  void trimsEveryWhiteSpaceAtBothEndsAndNothingElse() {
    for (int codePoint = 0; codePoint <= Character.MAX_CODE_POINT; codePoint++) {
      if (codePoint >= 0xD800 && codePoint <= 0xDFFF) {
        continue;
      }
      String around = Character.toString(codePoint);
      String title = read(around + "x" + around);
      if (TRIMMED.contains(codePoint)) {
        assertThat(title).as("U+%04X", codePoint).isEqualTo("x");
      } else if (title != null) {
        assertThat(title).as("U+%04X", codePoint).isEqualTo(around + "x" + around);
      } else {
        assertThat(Character.isISOControl(codePoint)).as("U+%04X", codePoint).isTrue();
      }
    }
  }

  @Test
  void refusesEveryControlCharacterInside() {
    for (int c = 0; c < 0x100; c++) {
      boolean control = c < 0x20 || (c >= 0x7F && c < 0xA0);
      assertThat(problems("a" + (char) c + "b"))
          .as("U+%04X", c)
          .isEqualTo(control ? List.of("must not contain control characters") : List.of());
    }
  }

  @Test
  void refusesEveryLoneSurrogateWhereverItIs() {
    for (int c = 0xD800; c <= 0xDFFF; c++) {
      char lone = (char) c;
      for (String text : List.of("" + lone, lone + "a", "a" + lone, "a" + lone + "b")) {
        assertThat(problems(text)).containsExactly("must not contain half of a surrogate pair");
      }
    }
    assertThat(problems("\uDE00\uD83D")).isNotEmpty();
    assertThat(problems("\uD83D" + SMILE)).isNotEmpty();
    assertThat(problems(SMILE + "\uDE00")).isNotEmpty();
  }

  @Test
  void countsCodePointsAndNotUtf16UnitsOrBytes() {
    assertThat(read("x".repeat(500))).hasSize(500);
    assertThat(read(SMILE.repeat(500))).hasSize(1000);
    assertThat(read(" ".repeat(400) + "x".repeat(500) + "\u00A0".repeat(400))).hasSize(500);
    assertThat(problems("x".repeat(501)))
        .containsExactly("must have at most 500 characters but has 501");
    assertThat(problems(SMILE.repeat(501)))
        .containsExactly("must have at most 500 characters but has 501");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "\t\r\n", "\u00A0\u2003\u3000", "\uFEFF"})
  void refusesWhatIsEmptyAfterTrimming(String text) {
    assertThat(problems(text)).containsExactly("must not be empty");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "e\u0301 is not \u00E9",
        "\uFB01 ligature",
        "\u212B",
        "inner   spaces\u00A0stay",
        "\u200Bzero width",
        "\uD83D\uDC69\u200D\uD83D\uDCBB",
        "<script>alert('x')</script>",
        "$where: {\"$gt\": \"\"}",
        "\u05E9\u05DC\u05D5\u05DD"
      })
  void keepsTextAsItIs(String text) {
    assertThat(read(text)).isEqualTo(text);
  }

  @Test
  void isEitherRefusedOrStableForAnyText() {
    Random random = new Random(500);
    for (int round = 0; round < 20_000; round++) {
      String text = randomText(random);
      String title = read(text);

      if (title == null) {
        assertThat(problems(text)).hasSize(1);
      } else {
        assertThat(read(title)).isEqualTo(title);
        assertThat(text).contains(title);
        assertThat(title.codePointCount(0, title.length())).isBetween(1, 500);
        assertThat(new String(
                title.getBytes(java.nio.charset.StandardCharsets.UTF_8),
                java.nio.charset.StandardCharsets.UTF_8))
            .isEqualTo(title);
      }
    }
  }

  @Test
  void cannotBeMadeUnchecked() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Title(" x"))
        .withMessage("title must be trimmed");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Title(""))
        .withMessage("title must not be empty");
  }

  private static String randomText(Random random) {
    StringBuilder text = new StringBuilder();
    int length = random.nextInt(8);
    for (int i = 0; i < length; i++) {
      switch (random.nextInt(6)) {
        case 0 -> text.appendCodePoint(TRIMMED.get(random.nextInt(TRIMMED.size())));
        case 1 -> text.append((char) (0xD800 + random.nextInt(0x800)));
        case 2 -> text.appendCodePoint(0x10000 + random.nextInt(0x10000));
        case 3 -> text.append((char) random.nextInt(0x100));
        default -> text.append((char) ('a' + random.nextInt(26)));
      }
    }
    return text.toString();
  }

  private static @Nullable String read(String raw) {
    Title title = Title.read(raw, new ArrayList<>());
    return title == null ? null : title.text();
  }

  private static List<String> problems(String raw) {
    List<String> problems = new ArrayList<>();
    Title.read(raw, problems);
    return problems;
  }
}
