package io.github.scalingtoolkit.todo.run;

import io.github.scalingtoolkit.core.settings.RotatingSecret;
import io.github.scalingtoolkit.todo.config.TodoSettings;
import io.github.scalingtoolkit.todo.stores.EmbeddedStores;
import io.github.scalingtoolkit.todo.stores.OwnedData;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;

/**
 * The data directory, if this process owns one, and the stores that run on it.
 *
 * @param owned empty where the directory belongs to a supervisor, or nothing of it is needed
 */
record Data(TodoSettings settings, Optional<OwnedData> owned) {

  /** Uses no data directory of its own. */
  static Data ofOthers(TodoSettings settings) {
    return new Data(settings, Optional.empty());
  }

  /** Takes the data directory, and starts {@code kinds} on it. */
  static Data open(TodoSettings settings, Set<EmbeddedStores.Kind> kinds) {
    return new Data(
        settings,
        Optional.of(
            OwnedData.open(settings.dataDirectory(), kinds, EmbeddedStores.AfterKill.STAYS)));
  }

  String mongoUri() {
    return settings.mongoUri().or(() -> owned.flatMap(OwnedData::mongoUri)).orElseThrow();
  }

  /** Holds a secret: never log it. */
  String redisUrl() {
    return settings.redisUrl().or(() -> owned.flatMap(OwnedData::redisUrl)).orElseThrow();
  }

  /** Returns where files of this process are. */
  Path path() {
    return owned.map(OwnedData::path).orElse(settings.dataDirectory());
  }

  /** Returns the secret of tokens: the one that is set, or else one that is kept in the directory. */
  RotatingSecret tokenSecret() {
    return settings
        .tokens()
        .secret()
        .orElseGet(() -> RotatingSecret.of(owned.orElseThrow().secretFile("jwt.key", 48)));
  }

  void close() {
    owned.ifPresent(OwnedData::close);
  }
}
