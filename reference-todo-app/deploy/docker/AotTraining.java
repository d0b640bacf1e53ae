import io.github.scalingtoolkit.core.settings.Secret;
import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.todo.domain.UserId;
import io.github.scalingtoolkit.todo.login.PasswordHasher;
import io.github.scalingtoolkit.todo.login.User;
import io.github.scalingtoolkit.todo.mongo.MongoSettings;
import io.github.scalingtoolkit.todo.mongo.MongoTodoStore;
import io.github.scalingtoolkit.todo.stores.DataDirectory;
import io.github.scalingtoolkit.todo.stores.EmbeddedStores;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * Makes the AOT cache of the image: runs the service on the demo jar's stores, uses it as a client does, and stops it, whereupon
 * the JVM writes which classes it has loaded and linked, and what it has learnt of its methods.
 *
 * <p>java -cp todo-api-demo.jar AotTraining.java java-of-the-image directory-of-the-app directory-for-data. The app's has
 * todo-api.jar and jvm.options, and gets todo-api.aot.
 */
public final class AotTraining {
  private static final String PASSWORD = "of-the-training";
  /** Of the whole training, which takes seconds: a service that hangs must not hang the build. */
  private static final Duration LONGEST = Duration.ofMinutes(5);
  /** More would train the compilers, which a start has no time to use. */
  private static final int ROUNDS = 20;

  private final HttpClient client = HttpClient.newHttpClient();
  private String address = "";
  private Optional<String> token = Optional.empty();

  private AotTraining() {}

  public static void main(String[] arguments) throws Exception {
    Path app = Path.of(arguments[1]).toAbsolutePath();
    Path work = Path.of(arguments[2]).toAbsolutePath();
    DataDirectory directory = DataDirectory.open(work.resolve("stores"));
    EmbeddedStores.Running stores = EmbeddedStores.find()
        .orElseThrow()
        .start(
            directory,
            Set.of(EmbeddedStores.Kind.MONGO, EmbeddedStores.Kind.REDIS),
            EmbeddedStores.AfterKill.ENDS);
    try {
      addUser(stores.mongoUri().orElseThrow());
      new AotTraining().train(arguments[0], app, work, stores);
    } finally {
      stores.close();
      directory.close();
    }
    if (!Files.isRegularFile(app.resolve("todo-api.aot"))) {
      throw new IllegalStateException("the JVM has made no " + app.resolve("todo-api.aot"));
    }
  }

  private static void addUser(String mongo) {
    try (MongoTodoStore store = MongoTodoStore.open(MongoSettings.of(mongo), Clock.system())) {
      String hash = new PasswordHasher().hash(Secret.of(PASSWORD));
      store.users().addIfAbsent(new User(new UserId("user123"), "ada", hash));
    }
  }

  private void train(String java, Path app, Path work, EmbeddedStores.Running stores)
      throws Exception {
    ProcessBuilder service = new ProcessBuilder(
            java,
            "@" + app.resolve("jvm.options"),
            // As the manifests limit it.
            "-XX:MaxRAM=512m",
            "-XX:AOTCacheOutput=" + app.resolve("todo-api.aot"),
            "-jar",
            app.resolve("todo-api.jar").toString())
        .redirectErrorStream(true);
    service.environment().keySet().removeAll(Set.of("JDK_JAVA_OPTIONS", "JAVA_TOOL_OPTIONS"));
    service.environment().putAll(Map.of(
        "APP_ENV", "production",
        "HOST", "127.0.0.1",
        "PORT", "0",
        "ADMIN_HOST", "127.0.0.1",
        "ADMIN_PORT", "0",
        "JWT_SECRET", "signs-nothing-but-tokens-of-this-training",
        "MONGO_URI", stores.mongoUri().orElseThrow(),
        "REDIS_URL", stores.redisUrl().orElseThrow(),
        "DATA_DIR", work.resolve("data").toString()));
    Process process = service.start();
    // On Ctrl-C. The stores watch over themselves.
    Thread hook = new Thread(() -> kill(process));
    Runtime.getRuntime().addShutdownHook(hook);
    // Reading what it says has no deadline, but ends with it.
    CompletableFuture<Boolean> inTime = process
        .onExit()
        .thenApply(ended -> true)
        .completeOnTimeout(false, LONGEST.toSeconds(), TimeUnit.SECONDS);
    inTime.thenAccept(ended -> {
      if (!ended) {
        kill(process);
      }
    });
    StringBuilder said = new StringBuilder();
    try (BufferedReader lines = new BufferedReader(
        new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      use(process, lines, said);
      // Until the JVM, which writes the cache after the service's end, has closed it.
      lines.lines().forEach(line -> said.append(line).append('\n'));
      int code = process.waitFor();
      if (code != 0) {
        throw new IllegalStateException("the service ended with exit code " + code);
      }
    } catch (Exception failed) {
      System.err.print(said);
      if (!inTime.getNow(true)) {
        throw new IllegalStateException("the training was not over in " + LONGEST, failed);
      }
      throw failed;
    } finally {
      kill(process);
      Runtime.getRuntime().removeShutdownHook(hook);
    }
  }

  /** Ends it, and the JVM that it starts to write the cache. */
  private static void kill(Process process) {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
  }

  private void use(Process process, BufferedReader lines, StringBuilder said) throws Exception {
    String admin = "";
    while (address.isEmpty() || admin.isEmpty()) {
      String line = lines.readLine();
      if (line == null) {
        throw new IllegalStateException("the service ended before it served");
      }
      said.append(line).append('\n');
      address = afterIn("Todo service:  ", line).orElse(address);
      admin = afterIn("Admin port:    ", line).orElse(admin);
    }
    String body = "{\"username\":\"ada\",\"password\":\"" + PASSWORD + "\"}";
    token = Optional.of(text("token", expect(200, "POST", address + "/login", body)));
    String todos = address + "/api/todos";
    for (int i = 0; i < ROUNDS; i++) {
      HttpResponse<String> created = expect(201, "POST", todos, "{\"title\":\"Train\"}");
      expect(200, "GET", todos, "");
      expect(200, "GET", todos, "");
      String todo = todos + "/" + text("_id", created);
      expect(200, "PATCH", todo, "{\"completed\":true}");
      expect(200, "GET", todo, "");
      expect(200, "GET", address + "/health", "");
    }
    expect(200, "GET", admin, "");
    expect(200, "GET", URI.create(admin).resolve("/metrics").toString(), "");
    process.toHandle().destroy();
  }

  private static Optional<String> afterIn(String label, String line) {
    int at = line.indexOf(label);
    return at < 0
        ? Optional.empty()
        : Optional.of(line.substring(at + label.length()).strip().split(" ")[0]);
  }

  private HttpResponse<String> expect(int status, String method, String uri, String body)
      throws IOException, InterruptedException {
    HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(uri))
        .timeout(LONGEST)
        .header("Content-Type", "application/json")
        .method(method, body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
    token.ifPresent(own -> request.header("Authorization", "Bearer " + own));
    HttpResponse<String> answer = client.send(request.build(), BodyHandlers.ofString());
    if (answer.statusCode() != status) {
      throw new IllegalStateException(method + " " + uri + ": expected " + status + " but was "
          + answer.statusCode() + ": " + answer.body());
    }
    return answer;
  }

  private static String text(String field, HttpResponse<String> answer) {
    return answer.body().replaceFirst("(?s).*\"" + field + "\":\"([^\"]*)\".*", "$1");
  }
}
