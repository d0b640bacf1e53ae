package io.github.scalingtoolkit.benchmarks.scale;

import io.github.scalingtoolkit.core.settings.Secret;
import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.todo.domain.UserId;
import io.github.scalingtoolkit.todo.login.PasswordHasher;
import io.github.scalingtoolkit.todo.login.User;
import io.github.scalingtoolkit.todo.mongo.MongoSettings;
import io.github.scalingtoolkit.todo.mongo.MongoTodoStore;
import io.github.scalingtoolkit.todo.stores.DataDirectory;
import io.github.scalingtoolkit.todo.stores.EmbeddedStores;
import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumSet;

/**
 * The stores that all services share, in a process of their own: the demo jar's, so it must be on the class path. Makes
 * the tutorial's user, prints where the stores are, and ends when its input does, so that it does not outlive its parent.
 */
public final class StoresMain {
  private StoresMain() {}

  /** Runs on the data directory that the first argument names. */
  public static void main(String[] args) throws IOException {
    EmbeddedStores stores = EmbeddedStores.find()
        .orElseThrow(() -> new IllegalStateException("the demo jar must be on the class path"));
    DataDirectory directory = DataDirectory.open(Path.of(args[0]));
    EmbeddedStores.Running running =
        stores.start(directory, EnumSet.allOf(EmbeddedStores.Kind.class));
    Thread close = new Thread(
        () -> {
          running.close();
          directory.close();
        },
        "close");
    Runtime.getRuntime().addShutdownHook(close);
    String mongo = running.mongoUri().orElseThrow();
    try (MongoTodoStore todos = MongoTodoStore.open(MongoSettings.of(mongo), Clock.system())) {
      todos
          .users()
          .addIfAbsent(new User(
              new UserId("user123"), "user", new PasswordHasher().hash(Secret.of("pass"))));
    }
    System.out.println("stores " + mongo + " " + running.redisUrl().orElseThrow());
    System.out.flush();
    while (System.in.read() >= 0) {
      // Nothing is said; only the end counts.
    }
    System.exit(0);
  }
}
