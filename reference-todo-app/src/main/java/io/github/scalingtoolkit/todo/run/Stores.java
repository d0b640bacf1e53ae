package io.github.scalingtoolkit.todo.run;

import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.todo.config.TodoSettings;
import io.github.scalingtoolkit.todo.mongo.MongoSettings;
import io.github.scalingtoolkit.todo.mongo.MongoTodoStore;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.function.Supplier;

/** The phases that every run begins with: the data directory with the stores on it, and MongoDB. Then Redis, if it is used. */
record Stores(Part<Data> data, Part<MongoTodoStore> mongo) {
  private static final Duration QUICK = Duration.ofSeconds(3);

  static Stores add(
      Phases phases,
      TodoSettings settings,
      Supplier<Data> open,
      Clock clock,
      MeterRegistry meters) {
    Part<Data> data = phases.add("data", open, Duration.ofSeconds(10), Data::close);
    Part<MongoTodoStore> mongo = phases.add(
        "mongo",
        () -> Started.all(started -> {
          MongoTodoStore store = started.add(
              MongoTodoStore.open(
                  MongoSettings.of(data.get().mongoUri()).withPoolSize(settings.mongoPoolSize()),
                  clock),
              MongoTodoStore::close);
          store.bindTo(meters);
          return store;
        }),
        QUICK,
        MongoTodoStore::close);
    return new Stores(data, mongo);
  }

  Part<OnRedis> addRedis(Phases phases, TodoSettings settings, MeterRegistry meters) {
    return phases.add(
        "redis",
        () -> OnRedis.open(settings, data.get().redisUrl(), meters),
        QUICK,
        OnRedis::close);
  }
}
