package io.github.scalingtoolkit.auth;

import static io.github.scalingtoolkit.auth.Tokens.codeOf;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Tokens that are nearly good or nothing at all; the same ones in every run. {@code -Dtoolkit.auth.fuzz=N} makes N of them. */
class TokenFuzzTest {
  private static final int TOKENS = Integer.getInteger("toolkit.auth.fuzz", 20_000);

  @Test
  void answersEveryTokenWithoutAnException() {
    Mutator mutator = new Mutator(new Random(1));
    JwtVerifier verifier = Tokens.verifier().build();
    JwtVerifier caching = Tokens.verifier().cache(1024, Duration.ofSeconds(60)).build();
    Map<RejectCode, Integer> seen = new EnumMap<>(RejectCode.class);
    int accepted = 0;

    for (int i = 0; i < TOKENS; i++) {
      String token = switch (i % 8) {
        case 0 -> mutator.junk();
        case 1, 2, 3 -> mutator.tampered();
        default -> mutator.resigned();
      };
      RejectCode code = codeOf(verifier.verify(token));
      if (i % 4 == 0) {
        assertThat(codeOf(caching.verify(token))).as(token).isEqualTo(code);
      }
      if (code == null) {
        accepted++;
      } else {
        seen.merge(code, 1, Integer::sum);
      }
    }

    // UNAVAILABLE is what an exception inside becomes: there must be none.
    assertThat(seen).doesNotContainKey(RejectCode.UNAVAILABLE);
    assertThat(seen)
        .as("the mutations reach every check but own claims and sizes")
        .hasSizeGreaterThanOrEqualTo(11);
    assertThat(accepted).isGreaterThan(TOKENS / 10);
  }

  @Test
  void acceptsNothingThatWasChangedAfterItWasSigned() {
    Mutator mutator = new Mutator(new Random(2));
    JwtVerifier verifier = Tokens.verifier().build();

    for (int i = 0; i < TOKENS / 4; i++) {
      String token = mutator.tampered();
      if (verifier.verify(token) instanceof Verification.Verified) {
        int dot = token.lastIndexOf('.');
        byte[] input =
            token.substring(0, dot).getBytes(java.nio.charset.StandardCharsets.ISO_8859_1);
        assertThat(token.substring(dot + 1))
            .as("the one spelling of the one signature")
            .isEqualTo(Base64Url.encode(Tokens.KEY.sign(input, 0, input.length)));
      }
    }
  }
}
