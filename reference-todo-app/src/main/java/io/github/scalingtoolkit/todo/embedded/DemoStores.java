package io.github.scalingtoolkit.todo.embedded;

import io.github.scalingtoolkit.todo.stores.DataDirectory;
import io.github.scalingtoolkit.todo.stores.EmbeddedStores;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The demo's stores: MongoDB's wire on {@code data/mongo}, Redis on {@code data/redis}. */
public final class DemoStores implements EmbeddedStores {
  /** For {@link java.util.ServiceLoader}. */
  public DemoStores() {}

  @Override
  public Running start(DataDirectory directory, Set<Kind> kinds, AfterKill afterKill) {
    @Nullable EmbeddedMongo mongo = null;
    @Nullable RedisWatch watch = null;
    if (kinds.contains(Kind.MONGO)) {
      mongo = EmbeddedMongo.start(directory.subdirectory("mongo").resolve("store.mv"));
    }
    try {
      @Nullable EmbeddedRedis redis = null;
      if (kinds.contains(Kind.REDIS)) {
        String path = Objects.requireNonNullElse(System.getenv("PATH"), "");
        Path home = directory.subdirectory("redis");
        if (afterKill == AfterKill.ENDS) {
          watch = RedisWatch.start(home, directory.lockFile());
        }
        redis = EmbeddedRedis.start(home, path);
      }
      return new Started(mongo, redis, watch);
    } catch (RuntimeException e) {
      if (watch != null) {
        watch.close();
      }
      if (mongo != null) {
        mongo.close();
      }
      throw e;
    }
  }

  private record Started(
      @Nullable EmbeddedMongo mongo,
      @Nullable EmbeddedRedis redis,
      @Nullable RedisWatch watch) implements Running {
    @Override
    public Optional<String> mongoUri() {
      return Optional.ofNullable(mongo).map(EmbeddedMongo::uri);
    }

    @Override
    public Optional<String> redisUrl() {
      return Optional.ofNullable(redis).map(EmbeddedRedis::url);
    }

    @Override
    public void close() {
      try {
        if (redis != null) {
          redis.close();
        }
        if (watch != null) {
          watch.close();
        }
      } finally {
        if (mongo != null) {
          mongo.close();
        }
      }
    }
  }
}
