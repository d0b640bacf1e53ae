package io.github.scalingtoolkit.todo.run;

import io.github.scalingtoolkit.testing.RedisServer;
import io.github.scalingtoolkit.todo.config.TestSettings;
import io.github.scalingtoolkit.todo.config.TodoSettings;
import io.github.scalingtoolkit.todo.stores.DataDirectory;
import io.github.scalingtoolkit.todo.stores.EmbeddedStores;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** A store on the MongoDB wire and a real Redis, both of the tests, for apps in this process. */
final class TestStores implements AutoCloseable {
  private final Path directory;
  private final DataDirectory data;
  private final EmbeddedStores.Running embedded;
  private final RedisServer redis;

  private TestStores(Path directory) {
    this.directory = directory;
    redis = RedisServer.start();
    data = DataDirectory.open(directory.resolve("stores"));
    embedded = EmbeddedStores.find().orElseThrow().start(data, Set.of(EmbeddedStores.Kind.MONGO));
  }

  static TestStores start(Path directory) {
    return new TestStores(directory);
  }

  RedisServer redis() {
    return redis;
  }

  String mongoUri() {
    return embedded.mongoUri().orElseThrow();
  }

  int mongoPort() {
    return Integer.parseInt(mongoUri().replaceFirst("^.*:(\\d+)/.*$", "$1"));
  }

  /** Returns settings of a demo on these stores at free ports; {@code more} are keys and values in turn. */
  TodoSettings settings(String... more) {
    Map<String, String> values = new TreeMap<>(Map.of(
        "APP_ENV",
        "demo",
        "PORT",
        "0",
        "ADMIN_PORT",
        "0",
        "MONGO_URI",
        mongoUri(),
        "REDIS_URL",
        redis.url(),
        "JWT_SECRET",
        TodoClient.JWT_SECRET,
        "DATA_DIR",
        directory.resolve("app").toString(),
        "DRAIN_TIMEOUT",
        "1s",
        // A demo's user is made in the background: tests may ask for it too early, often.
        "LOGIN_RATE_LIMIT",
        "1000/1m"));
    for (int i = 0; i < more.length; i += 2) {
      values.put(more[i], more[i + 1]);
    }
    return TestSettings.of(values);
  }

  /** Returns where a working app on {@link #settings} appends notifications. */
  Path notifications() {
    return directory.resolve("app/notifications.jsonl");
  }

  @Override
  public void close() {
    try {
      embedded.close();
      data.close();
    } finally {
      redis.close();
    }
  }
}
