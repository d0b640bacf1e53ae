package io.github.scalingtoolkit.todo.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.scalingtoolkit.auth.Algorithm;
import io.github.scalingtoolkit.core.limit.RateLimit;
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
