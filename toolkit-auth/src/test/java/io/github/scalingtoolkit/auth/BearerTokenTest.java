package io.github.scalingtoolkit.auth;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

class BearerTokenTest {

  @ParameterizedTest
  @ValueSource(
      strings = {"Bearer a.b.c", "bearer a.b.c", "BEARER a.b.c", "bEaReR a.b.c", "Bearer   a.b.c"})
  void findsTheTokenWhateverTheCaseOfTheScheme(String header) {
    assertThat(BearerToken.from(header)).isEqualTo(new BearerToken.Present("a.b.c"));
  }

  @ParameterizedTest
  @NullSource
  @ValueSource(
      strings = {
        "",
        " ",
        "Bearer",
        "Bearer ",
        "bearer   ",
        "Basic dXNlcjpwYXNz",
        "Bearers a.b.c",
        "BearerToken",
        "Token a.b.c",
        "a.b.c"
      })
  void saysMissingWhenThereIsNoBearerToken(String header) {
    assertThat(BearerToken.from(header)).isEqualTo(new BearerToken.Missing());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Bearer a b",
        "Bearer a.b.c ",
        "Bearer\ta.b.c",
        "Bearer \ta.b.c",
        "Bearer a.b.c, Bearer d.e.f",
        "Bearer \"a.b.c\"",
        "Bearer a\u0000b",
        "Bearer é",
        "Bearer =",
        "Bearer a=b",
        "Bearer,a",
        "Bearer token=a;"
      })
  void saysMalformedWhenABearerTokenCannotBeOne(String header) {
    assertThat(BearerToken.from(header)).isEqualTo(new BearerToken.Malformed());
  }

  @Test
  void takesOneHeaderAndNoMore() {
    assertThat(BearerToken.from(List.of())).isEqualTo(new BearerToken.Missing());
    assertThat(BearerToken.from(List.of("Bearer a"))).isEqualTo(new BearerToken.Present("a"));
    assertThat(BearerToken.from(List.of("Bearer a", "Bearer a")))
        .isEqualTo(new BearerToken.Malformed());
  }

  @Test
  void leavesTheJudgementOfPaddingToTheVerifier() {
    assertThat(BearerToken.from("Bearer a.b.c=")).isEqualTo(new BearerToken.Present("a.b.c="));
  }
}
