package io.github.scalingtoolkit.todo.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.scalingtoolkit.auth.Algorithm;
import io.github.scalingtoolkit.core.limit.RateLimit;
import io.github.scalingtoolkit.core.settings.Secret;
import io.github.scalingtoolkit.core.settings.Setting;
import io.github.scalingtoolkit.core.settings.SettingsException;
import io.github.scalingtoolkit.core.settings.SettingsSource;
import io.github.scalingtoolkit.todo.config.TodoSettings.Mode;
import io.github.scalingtoolkit.todo.logging.Logging;
import io.github.scalingtoolkit.todo.stores.EmbeddedStores;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The table of contract §3, as values. */
class SettingsReaderTest {
  private static final String SECRET = "a secret of the tests that has more than 32 bytes";

  @TempDir
  private Path directory;

  @Test
  void productionHasTheDefaultsOfTheContract() {
    TodoSettings read = read(false, Map.of("JWT_SECRET", SECRET));

    assertThat(read.mode()).isEqualTo(Mode.PRODUCTION);
    assertThat(read.web().host()).isEqualTo("0.0.0.0");
    assertThat(read.web().port()).isEqualTo(3000);
    assertThat(read.web().adminHost()).isEqualTo("0.0.0.0");
    assertThat(read.web().adminPort()).isEqualTo(3001);
    assertThat(read.web().corsOrigins()).containsExactly("*");
    assertThat(read.web().maxBody()).isEqualTo(100 * 1024);
    assertThat(read.web().maxInFlight()).isEqualTo(256);
    assertThat(read.mongoUri()).contains("mongodb://localhost:27017/todoapp");
    assertThat(read.mongoPoolSize()).isEqualTo(32);
    assertThat(read.redisUrl()).contains("redis://localhost:6379");
    assertThat(read.cacheRedisUrl()).isEmpty();
    assertThat(read.tokens().algorithm()).isEqualTo(Algorithm.HS256);
    assertThat(read.tokens().timeToLive()).isEqualTo(Duration.ofHours(1));
    assertThat(read.cache().timeToLive()).contains(Duration.ofSeconds(30));
    assertThat(read.cache().localEntries()).isEqualTo(10_000);
    assertThat(read.rateLimit()).contains(new RateLimit("api", 1000, Duration.ofMinutes(1)));
    assertThat(read.accounts())
        .isEqualTo(new TodoSettings.Accounts(
            Optional.empty(), false, new RateLimit("login", 10, Duration.ofMinutes(1))));
    assertThat(read.workerConcurrency()).isEqualTo(16);
    assertThat(read.dataDirectory()).isEqualTo(Path.of("data"));
    assertThat(read.drainTimeout()).isEqualTo(Duration.ofSeconds(10));
    assertThat(read.logFormat()).isEqualTo(Logging.Format.JSON);
    assertThat(read.logLevel()).isEqualTo("info");
    assertThat(read.embedded()).isEmpty();
  }

  @Test
  void aDemoIsOfThisMachineOnItsOwnStoresAndReadable() {
    TodoSettings read = read(true, Map.of());

    assertThat(read.mode()).isEqualTo(Mode.DEMO);
    assertThat(read.web().host()).isEqualTo("127.0.0.1");
    assertThat(read.web().adminHost()).isEqualTo("127.0.0.1");
    assertThat(read.mongoUri()).isEmpty();
    assertThat(read.redisUrl()).isEmpty();
    assertThat(read.embedded()).containsExactlyInAnyOrder(EmbeddedStores.Kind.values());
    assertThat(read.tokens().secret()).isEqualTo(Optional.empty());
    assertThat(read.accounts().registration()).isTrue();
    assertThat(read.logFormat()).isEqualTo(Logging.Format.TEXT);
    assertThat(
            read(true, Map.of("NODE_ENV", "production", "JWT_SECRET", SECRET)).mode())
        .isEqualTo(Mode.PRODUCTION);
  }

  @Test
  void everyValueThatIsListedCanBeSetAsItIsListed() {
    Map<String, String> listed = new TreeMap<>();
    for (Setting setting : read(true, Map.of()).listing()) {
      if (!setting.value().equals("(not set)")) {
        listed.put(setting.key(), setting.value());
      }
    }
    assertThat(listed)
        .containsEntry("RATE_LIMIT", "1000/1m")
        .containsEntry("CORS_ORIGINS", "*")
        .containsEntry("JWT_ALGORITHM", "HS256");

    TodoSettings again = read(true, listed);

    assertThat(again.rateLimit()).isEqualTo(read(true, Map.of()).rateLimit());
    for (Setting setting : again.listing()) {
      assertThat(setting.value())
          .as(setting.key())
          .isEqualTo(listed.getOrDefault(setting.key(), "(not set)"));
    }
  }

  @Test
  void hs512NeedsASecretOf64Bytes() {
    Map<String, String> hs512 = new TreeMap<>(Map.of("JWT_ALGORITHM", "HS512"));
    hs512.put("JWT_SECRET", "x".repeat(63));
    assertThatExceptionOfType(SettingsException.class)
        .isThrownBy(() -> read(false, hs512))
        .withMessageContaining("at least 64 bytes for HS512 but has 63")
        .withMessageContaining("openssl rand");

    hs512.put("JWT_SECRET", "x".repeat(64));
    assertThat(read(false, hs512).tokens().algorithm()).isEqualTo(Algorithm.HS512);
  }

  @Test
  void ofSeveralSecretsEachIsChecked() {
    String other = SECRET + "!";
    assertThat(read(false, Map.of("JWT_SECRET", SECRET + "\n" + other)).tokens().secret())
        .isPresent();

    assertThatExceptionOfType(SettingsException.class)
        .isThrownBy(() -> read(false, Map.of("JWT_SECRET", SECRET + "\nshort")))
        .withMessageContaining("JWT_SECRET secret 2 of 2 must have at least 32 bytes")
        .satisfies(wrong -> assertThat(wrong.getMessage()).doesNotContain("short", SECRET));
  }

  @Test
  void aFirstUserNeedsANameAndAPasswordThatKeepTheRules() {
    Map<String, String> values = new TreeMap<>(Map.of("JWT_SECRET", SECRET, "FIRST_USER", "ada"));
    assertThatExceptionOfType(SettingsException.class)
        .isThrownBy(() -> read(false, values))
        .withMessageContaining("FIRST_USER and FIRST_USER_PASSWORD must be set together");

    values.put("FIRST_USER_PASSWORD", "short12");
    assertThatExceptionOfType(SettingsException.class)
        .isThrownBy(() -> read(false, values))
        .withMessageContaining("FIRST_USER_PASSWORD must have 8 to 1024 bytes")
        .satisfies(wrong -> assertThat(wrong.getMessage()).doesNotContain("short12"));

    values.put("FIRST_USER_PASSWORD", "long enough");
    assertThat(read(false, values).accounts().firstUser().orElseThrow().username())
        .isEqualTo("ada");
  }

  @Test
  void aDotEnvFileIsReadInDevelopmentAndNotInProduction() throws IOException {
    Path dotEnv =
        Files.writeString(directory.resolve(".env"), "PORT=4000\nCACHE_TTL=7s\nAPP_ENV=demo\n");
    Map<String, String> values = new TreeMap<>(Map.of("JWT_SECRET", SECRET, "CACHE_TTL", "8s"));

    values.put("APP_ENV", "development");
    TodoSettings development = read(false, values, dotEnv);
    values.put("APP_ENV", "production");
    TodoSettings production = read(false, values, dotEnv);

    assertThat(development.web().port()).isEqualTo(4000);
    assertThat(development.cache().timeToLive())
        .as("the environment goes before the file")
        .contains(Duration.ofSeconds(8));
    assertThat(production.web().port()).isEqualTo(3000);
  }

  @Test
  void allThatIsWrongIsSaidTogetherWhereverItStands() throws IOException {
    Path dotEnv = Files.writeString(directory.resolve(".env"), "PORT=4000\nJWT s3cret\n");
    Path secret = Files.writeString(directory.resolve("jwt"), SECRET + " \n");
    Map<String, String> values = Map.of(
        "APP_ENV", "development",
        "JWT_SECRET_FILE", secret.toString(),
        "REDIS_URL", "redis://u:s3cr/et@h",
        "CACHE_REDIS_URL", "redis://h?timeout=5s",
        "MONGO_URI", "mongodb://u:s3cr@et@h/db",
        "SENTINEL_USER", "app",
        "CACHE_TTL", "soon");

    assertThatExceptionOfType(SettingsException.class)
        .isThrownBy(() -> read(false, values, dotEnv))
        .satisfies(wrong -> assertThat(wrong.problems())
            .noneMatch(problem -> problem.contains("s3cr"))
            .anyMatch(problem -> problem.startsWith(dotEnv + " line 2 is not NAME=value"))
            .anyMatch(problem -> problem.startsWith(
                "JWT_SECRET_FILE (from test): " + secret + " line 1 ends with white space"))
            .anyMatch(problem -> problem.startsWith("REDIS_URL (from test): ")
                && problem.endsWith("the password holds '/': percent-encode it as %2F"))
            .anyMatch(problem -> problem.startsWith("CACHE_REDIS_URL (from test): ")
                && problem.contains("takes no parameters: remove timeout"))
            .anyMatch(problem -> problem.equals(
                "MONGO_URI (from test): the password holds '@': percent-encode it as %40"))
            .anyMatch(problem -> problem.startsWith("SENTINEL_USER needs SENTINEL_PASSWORD"))
            .anyMatch(problem -> problem.startsWith("CACHE_TTL must be ")));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "mongodb://u:hid/den@h/db                    | the password holds '/': percent-encode it as %2F",
        "mongodb://u:hid:den@h/db                    | the password holds ':': percent-encode it as %3A",
        "mongodb://u:hid?den@h/db?appName=a          | the password holds '?': percent-encode it as %3F",
        "mongodb://u:hid%zz@h/db                     | the password holds '%': percent-encode it as %25",
        "mongodb://u:hid%ffden@h/db                  | the password is not UTF-8 once decoded",
        "mongodb+srv://u:hid@den@h.example/db        | the password holds '@': percent-encode it as %40",
        "mongodb://u:hidden                          | MONGO_URI must be a MongoDB URI such as",
        "mongodb://u:hidden@h:x/db?appName=a@b       | MONGO_URI must be a MongoDB URI such as",
        "hidden                                      | MONGO_URI must be a MongoDB URI such as",
      })
  void aMongoUriThatIsWrongIsExplainedWithoutItsPassword(String uri, String why) {
    assertThatExceptionOfType(SettingsException.class)
        .isThrownBy(() -> read(false, Map.of("JWT_SECRET", SECRET, "MONGO_URI", uri)))
        .withMessageContaining(why)
        .satisfies(wrong ->
            assertThat(wrong.getMessage().replace("(hidden)", "")).doesNotContain("hid", "den"));
  }

  @Test
  void sentinelsHaveAUserAndAPasswordOfTheirOwn() throws IOException {
    Path password = Files.writeString(directory.resolve("sentinel"), "s3cret\n");
    Map<String, String> values = new TreeMap<>(Map.of(
        "JWT_SECRET",
        SECRET,
        "REDIS_URL",
        "redis+sentinel://:other@a,b/main",
        "SENTINEL_PASSWORD_FILE",
        password.toString()));

    assertThat(read(false, values).sentinels())
        .contains(new TodoSettings.Sentinels(Optional.empty(), Secret.of("s3cret")));
    values.put("SENTINEL_USER", "app");
    assertThat(read(false, values).sentinels())
        .contains(new TodoSettings.Sentinels(Optional.of("app"), Secret.of("s3cret")));
    assertThat(read(false, values).hints()).isEmpty();
    values.remove("REDIS_URL");
    assertThat(read(false, values).hints())
        .containsExactly("SENTINEL_USER and SENTINEL_PASSWORD are not used: neither REDIS_URL nor"
            + " CACHE_REDIS_URL is a redis+sentinel:// URL");
  }

  private static TodoSettings read(boolean embeddedStores, Map<String, String> values) {
    return read(embeddedStores, values, Path.of("no-such.env"));
  }

  private static TodoSettings read(
      boolean embeddedStores, Map<String, String> values, Path dotEnv) {
    return SettingsReader.read(
        embeddedStores,
        SettingsSource.of("test", values),
        SettingsSource.of("none", Map.of()),
        dotEnv);
  }
}
