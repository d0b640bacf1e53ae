package io.github.scalingtoolkit.todo.run;

import io.github.scalingtoolkit.core.lifecycle.Lifecycle;
import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.todo.config.TodoSettings;
import io.github.scalingtoolkit.todo.login.PasswordHasher;
import io.github.scalingtoolkit.todo.login.Users;
import io.github.scalingtoolkit.todo.stores.EmbeddedStores;
import io.github.scalingtoolkit.todo.todos.ListWarming;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.EnumSet;
import java.util.Set;
import java.util.function.Supplier;

/** A run that does one thing with the stores and ends: it serves nothing and handles no job. */
final class Errand<T> implements AutoCloseable {
  private final Lifecycle lifecycle;
  private final Supplier<T> tool;

  private Errand(Lifecycle lifecycle, Supplier<T> tool) {
    this.lifecycle = lifecycle;
    this.tool = tool;
  }

  /** Returns one that fills the cache. */
  static Errand<ListWarming> warming(TodoSettings settings) {
    Phases phases = new Phases();
    MeterRegistry meters = new SimpleMeterRegistry();
    Stores stores = stores(phases, settings, settings.embedded(), meters);
    Part<OnRedis> redis = stores.addRedis(phases, settings, meters);
    return new Errand<>(
        phases.build(),
        () -> new ListWarming(redis.get().lists(), stores.mongo().get()));
  }

  /** Returns one that adds users. */
  static Errand<Users> users(TodoSettings settings) {
    Phases phases = new Phases();
    Set<EmbeddedStores.Kind> kinds = EnumSet.noneOf(EmbeddedStores.Kind.class);
    kinds.addAll(settings.embedded());
    kinds.remove(EmbeddedStores.Kind.REDIS);
    Stores stores = stores(phases, settings, kinds, new SimpleMeterRegistry());
    return new Errand<>(
        phases.build(), () -> new Users(stores.mongo().get().users(), new PasswordHasher()));
  }

  private static Stores stores(
      Phases phases, TodoSettings settings, Set<EmbeddedStores.Kind> kinds, MeterRegistry meters) {
    return Stores.add(
        phases,
        settings,
        () -> kinds.isEmpty() ? Data.ofOthers(settings) : Data.open(settings, kinds),
        Clock.system(),
        meters);
  }

  /**
   * Opens the stores and returns what does it.
   *
   * @throws RuntimeException if a part cannot start; parts already started are stopped
   */
  T start() {
    lifecycle.start();
    return tool.get();
  }

  /** Closes the stores. */
  @Override
  public void close() {
    lifecycle.stop();
  }
}
