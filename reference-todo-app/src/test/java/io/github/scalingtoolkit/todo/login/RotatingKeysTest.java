package io.github.scalingtoolkit.todo.login;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.auth.Algorithm;
import io.github.scalingtoolkit.auth.JwtVerifier;
import io.github.scalingtoolkit.auth.KeySource;
import io.github.scalingtoolkit.auth.TokenIssuer;
import io.github.scalingtoolkit.auth.Verification;
import io.github.scalingtoolkit.core.settings.RotatingSecret;
import io.github.scalingtoolkit.core.settings.Secret;
import io.github.scalingtoolkit.core.time.ManualClock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RotatingKeysTest {
  private static final Duration LIFE = Duration.ofHours(1);
  private static final String FIRST = "first-secret-of-at-least-32-bytes!";
  private static final String SECOND = "second-secret-of-at-least-32-bytes";

  private final ManualClock clock = ManualClock.startingAt(Instant.parse("2026-01-01T00:00:00Z"));

  @TempDir
  Path directory;

  private Path file = Path.of("unset");

  @BeforeEach
  void makeSecret() throws IOException {
    file = Files.writeString(directory.resolve("jwt"), FIRST + "\n");
  }

  private RotatingKeys process() {
    return new RotatingKeys(Algorithm.HS256, RotatingSecret.of(file), LIFE, clock);
  }

  private String token(KeySource keys) {
    return TokenIssuer.builder()
        .issuer("i")
        .audience("a")
        .keys(keys)
        .timeToLive(LIFE)
        .clock(clock::now)
        .build()
        .issue("someone")
        .value();
  }

  private boolean holds(String token, KeySource at) {
    return JwtVerifier.builder()
            .issuer("i")
            .audience("a")
            .keys(at)
            .clock(clock::now)
            .build()
            .verify(token)
        instanceof Verification.Verified;
  }

  private static String signs(RotatingKeys keys) {
    return keys.current().active().id();
  }

  @Test
  void aSuccessorVerifiesAtOnceAndSignsLater() throws IOException {
    RotatingKeys early = process();
    RotatingKeys late = process();
    String first = signs(early);
    Files.writeString(file, SECOND);

    early.look();
    clock.advance(RotatingKeys.LOOK_EVERY);
    late.look();
    assertThat(signs(early)).isEqualTo(first);
    assertThat(early.current().keys()).hasSize(2);

    clock.advance(RotatingKeys.SIGNS_AFTER.minus(RotatingKeys.LOOK_EVERY));
    String lastOfTheFirst = token(early);
    early.look();
    assertThat(signs(early)).isNotEqualTo(first);
    assertThat(signs(late)).isEqualTo(first);
    assertThat(holds(token(early), late)).isTrue();
    assertThat(holds(token(late), early)).isTrue();

    clock.advance(LIFE.minusSeconds(1));
    early.look();
    assertThat(holds(lastOfTheFirst, early)).isTrue();
    clock.advance(Duration.ofMinutes(3));
    early.look();
    assertThat(early.current().keys()).hasSize(1);
  }

  @Test
  void aSecretThatIsTooShortOrAFileThatIsGoneChangesNothing() throws IOException {
    RotatingKeys keys = process();
    String first = signs(keys);

    Files.writeString(file, "short");
    keys.look();
    Files.delete(file);
    keys.look();
    Files.writeString(file, "");
    keys.look();
    clock.advance(Duration.ofHours(9));
    keys.look();

    assertThat(keys.current().keys()).hasSize(1);
    assertThat(signs(keys)).isEqualTo(first);
  }

  @Test
  void takingASecretBackSignsWithTheFirstAgainAndLosesNoToken() throws IOException {
    RotatingKeys keys = process();
    String first = signs(keys);
    Files.writeString(file, SECOND);
    keys.look();
    clock.advance(RotatingKeys.SIGNS_AFTER);
    keys.look();
    String ofTheSecond = token(keys);

    Files.writeString(file, FIRST);
    keys.look();
    clock.advance(RotatingKeys.SIGNS_AFTER);
    keys.look();

    assertThat(signs(keys)).isEqualTo(first);
    assertThat(holds(ofTheSecond, keys)).isTrue();
    clock.advance(Duration.ofHours(9));
    keys.look();
    assertThat(keys.current().keys()).hasSize(1);
    assertThat(signs(keys)).isEqualTo(first);
  }

  @Test
  void aSecretWithoutAFileStaysAndNeedsNoThread() {
    try (RotatingKeys keys =
        RotatingKeys.start(Algorithm.HS256, RotatingSecret.of(Secret.of(FIRST)), LIFE, clock)) {
      keys.look();

      assertThat(keys.current().keys()).hasSize(1);
    }
  }
}
