package io.github.scalingtoolkit.core.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SettingsTest {
  private enum Format {
    TEXT,
    JSON
  }

  @TempDir
  Path directory;

  private static Settings of(Map<String, String> values) {
    return Settings.from(SettingsSource.of("environment", values));
  }

  @Test
  void theFirstSourceThatHasAKeyWins() {
    Settings settings = Settings.from(
        SettingsSource.of("-D", Map.of("PORT", "1")),
        SettingsSource.of("environment", Map.of("PORT", "2", "HOST", "h")),
        SettingsSource.of(".env", Map.of("PORT", "3", "HOST", "i", "NAME", "n")));

    assertThat(settings.port("PORT", 3000, "")).isEqualTo(1);
    assertThat(settings.text("HOST", "", "")).isEqualTo("h");
    assertThat(settings.text("NAME", "", "")).isEqualTo("n");
    assertThat(settings.text("OTHER", "fallback", "")).isEqualTo("fallback");
    settings.finish();
    assertThat(settings.listing())
        .extracting(Setting::source)
        .containsExactly("-D", "environment", ".env", "default");
  }

  @Test
  void everythingWrongIsSaidTogetherWithKeySourceValueAndForm() {
    Settings settings =
        of(Map.of("PORT", "70000", "CACHE_TTL", "soon", "MAX_BODY", "0", "LOG_FORMAT", "xml"));
    settings.port("PORT", 3000, "");
    settings.duration("CACHE_TTL", Duration.ofSeconds(30), "");
    settings.bytes("MAX_BODY", 100, 1, 1000, "");
    settings.choice("LOG_FORMAT", Format.TEXT, "");
    settings.problem("PORT and ADMIN_PORT must differ");

    SettingsException wrong = catchThrowableOfType(SettingsException.class, settings::finish);

    assertThat(wrong.problems())
        .containsExactly(
            "PORT must be a whole number from 0 to 65535 but was '70000' (from environment)",
            "CACHE_TTL must be a duration > 0 such as 250ms, 30s, 15m, 1h or PT30S but was 'soon' (from environment)",
            "MAX_BODY must be a size from 1 to 1000 bytes such as 512, 100KB or 1MB but was '0' (from environment)",
            "LOG_FORMAT must be one of text, json but was 'xml' (from environment)",
            "PORT and ADMIN_PORT must differ");
    assertThat(wrong.getStackTrace()).isEmpty();
  }

  @Test
  void secretsAreNeverShown() {
    Settings settings = of(Map.of("JWT_SECRET", "s3cret", "REDIS_URL", "redis://:s3cret@h"));
    assertThat(settings.secret("JWT_SECRET", "signs tokens")).contains(Secret.of("s3cret"));
    settings.hidden("REDIS_URL", "a Redis URL", "", url -> {
      throw new IllegalArgumentException("no: " + url);
    });
    settings.secret("OTHER", "");

    assertThat(settings.listing().toString())
        .doesNotContain("s3cret")
        .contains("(set)", "(not set)");
    assertThat(catchThrowableOfType(SettingsException.class, settings::finish))
        .hasMessage(
            "REDIS_URL must be a Redis URL but was something else (hidden) (from environment)");
  }

  @Test
  void valueAndFileAtOnceOrAFileThatIsNotThereAreErrors() {
    Settings settings = of(Map.of(
        "A", "1", "A_FILE", "/nowhere", "B_FILE", directory.resolve("none").toString()));
    settings.secret("A", "");
    settings.secret("B", "");

    assertThat(catchThrowableOfType(SettingsException.class, settings::finish).problems())
        .hasSize(2)
        .anyMatch(problem -> problem.startsWith("both A (from environment) and A_FILE"))
        .anyMatch(problem -> problem.startsWith("B_FILE ") && problem.contains("cannot be read"));
  }

  @ParameterizedTest
  @CsvSource({
    "250ms,PT0.25S",
    "30s,PT30S",
    "15m,PT15M",
    "1h,PT1H",
    "2d,PT48H",
    "PT1.5S,PT1.5S",
    "1H,PT1H"
  })
  void readsDurations(String text, String iso) {
    assertThat(of(Map.of("A", text)).duration("A", Duration.ofDays(9), ""))
        .isEqualTo(Duration.parse(iso));
  }

  @ParameterizedTest
  @CsvSource({"512,512", "100KB,102400", "1MB,1048576", "2gb,2147483648", "7B,7"})
  void readsSizes(String text, long bytes) {
    assertThat(of(Map.of("A", text)).bytes("A", 1, 1, Long.MAX_VALUE, "")).isEqualTo(bytes);
  }

  @ParameterizedTest
  @CsvSource({"999999999999d", "0s", "-1s", "1 s", "s", "9999999999999d", "PT0S", "1w"})
  void refusesOtherDurations(String text) {
    Settings settings = of(Map.of("A", text));
    settings.duration("A", Duration.ofSeconds(1), "");

    assertThat(catchThrowableOfType(SettingsException.class, settings::finish).problems())
        .hasSize(1);
  }

  @Test
  void anOptionalDurationIsEmptyWhenOffAndListedAsWritten() {
    Settings settings = of(Map.of("A", "OFF", "B", "7s"));
    Optional<Duration> fallback = Optional.of(Duration.ofSeconds(30));

    assertThat(settings.durationOrOff("A", fallback, "")).isEmpty();
    assertThat(settings.durationOrOff("B", fallback, "")).contains(Duration.ofSeconds(7));
    assertThat(settings.durationOrOff("C", fallback, "")).isEqualTo(fallback);
    assertThat(settings.durationOrOff("D", Optional.empty(), "")).isEmpty();
    assertThat(settings.listing())
        .extracting(Setting::value)
        .containsExactly("OFF", "7s", "30s", "off");
  }

  @Test
  void aNameSimilarToAnUnsetSettingIsHintedAtWithTheProblems() {
    Settings settings = Settings.from(
        SettingsSource.of("-D", Map.of("redis.url", "x", "PORT", "1", "HOST", "h")),
        SettingsSource.of(
            "environment",
            Map.of(
                "MONGO_URL", "secret",
                "JWT_SECRET_FILES", "y",
                "RATE_LIMTI", "z",
                "POST", "1",
                "PATH", "/bin",
                "UNRELATED", "u")));
    settings.text("REDIS_URL", "", "");
    settings.text("MONGO_URI", "", "");
    settings.port("PORT", 3000, "");
    settings.text("HOST", "", "");
    settings.secret("JWT_SECRET", "");
    settings.text("RATE_LIMIT", "", "");

    assertThat(settings.hints())
        .containsExactly(
            "redis.url (from -D) is not a setting: did you mean REDIS_URL?",
            "JWT_SECRET_FILES (from environment) is not a setting: did you mean JWT_SECRET_FILE?",
            "MONGO_URL (from environment) is not a setting: did you mean MONGO_URI?",
            "RATE_LIMTI (from environment) is not a setting: did you mean RATE_LIMIT?");
    settings.finish();
    settings.problem("JWT_SECRET must be set.");
    assertThat(catchThrowableOfType(SettingsException.class, settings::finish).problems())
        .hasSize(5)
        .startsWith("JWT_SECRET must be set.")
        .noneMatch(line -> line.contains("secret,") || line.contains("/bin"));
  }

  @Test
  void aParserMaySayWhyInWordsThatAreShown() {
    Settings settings = of(Map.of("REDIS_URL", "redis://:s3cret@h"));
    settings.hidden("REDIS_URL", "a Redis URL", "", url -> {
      throw new SettingsException("the password holds '@': percent-encode it");
    });

    assertThat(catchThrowableOfType(SettingsException.class, settings::finish))
        .hasMessage("REDIS_URL (from environment): the password holds '@': percent-encode it");
  }

  @Test
  void aRotatingSecretFollowsItsFileAndSurvivesAnUnreadableOne() throws IOException {
    Path file = Files.writeString(directory.resolve("password"), "one\n");
    RotatingSecret secret = of(Map.of("PASSWORD_FILE", file.toString()))
        .rotatingSecret("PASSWORD", "")
        .orElseThrow();

    assertThat(secret.current()).isEqualTo(Secret.of("one"));
    assertThat(secret.refresh()).isFalse();
    Path next = Files.writeString(directory.resolve("next"), "two\n");
    Files.move(next, file, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    assertThat(secret.refresh()).isTrue();
    assertThat(secret.current()).isEqualTo(Secret.of("two"));

    Files.writeString(file, "");
    assertThat(secret.refresh()).isFalse();
    Files.delete(file);
    assertThat(secret.refresh()).isFalse();
    assertThat(secret.current()).isEqualTo(Secret.of("two"));
    Files.writeString(file, "three");
    assertThat(secret.refresh()).isTrue();
  }

  @Test
  void aSecretThatIsGivenAsItIsStays() {
    RotatingSecret secret =
        of(Map.of("PASSWORD", "one")).rotatingSecret("PASSWORD", "").orElseThrow();

    assertThat(secret.file()).isEmpty();
    assertThat(secret.refresh()).isFalse();
    assertThat(of(Map.of()).rotatingSecret("PASSWORD", "")).isEmpty();
  }
}
