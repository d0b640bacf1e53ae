import io.github.scalingtoolkit.core.settings.Secret;
import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.todo.domain.UserId;
import io.github.scalingtoolkit.todo.login.PasswordHasher;
import io.github.scalingtoolkit.todo.login.User;
import io.github.scalingtoolkit.todo.mongo.MongoSettings;
import io.github.scalingtoolkit.todo.mongo.MongoTodoStore;
import io.github.scalingtoolkit.todo.stores.DataDirectory;
import io.github.scalingtoolkit.todo.stores.EmbeddedStores;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.CountDownLatch;

/**
 * The store on the MongoDB wire that boot-image.sh gives the image, where no MongoDB is at hand: the demo jar's own,
 * with one user in it. Prints {@code mongo URI} and runs until it is killed.
 *
 * <p>java -cp todo-api-demo.jar BootStores.java directory username password
 */
public final class BootStores {
  private BootStores() {}

  public static void main(String[] arguments) throws InterruptedException {
    DataDirectory directory = DataDirectory.open(Path.of(arguments[0]));
    String uri = EmbeddedStores.find()
        .orElseThrow()
        .start(directory, Set.of(EmbeddedStores.Kind.MONGO))
        .mongoUri()
        .orElseThrow();
    try (MongoTodoStore store = MongoTodoStore.open(MongoSettings.of(uri), Clock.system())) {
      String hash = new PasswordHasher().hash(Secret.of(arguments[2]));
      store.users().addIfAbsent(new User(new UserId("user123"), arguments[1], hash));
    }
    System.out.println("mongo " + uri);
    new CountDownLatch(1).await();
  }
}
