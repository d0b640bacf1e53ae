package io.github.scalingtoolkit.benchmarks.scale;

import io.github.scalingtoolkit.benchmarks.Companion;
import io.github.scalingtoolkit.benchmarks.verify.Client;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The tutorial's Express application, one Node process, as {@code benchmarks/peers/express} has it. */
public final class ExpressPeer {
  /** npm writes it last: without it, an installation was cut short. */
  private static final String INSTALLED = "node_modules/.package-lock.json";

  private final Children children;
  private final Path directory;
  private final Stores stores;

  /** Starts it from the checkout of {@code artifacts}. */
  public ExpressPeer(Children children, Artifacts artifacts, Stores stores) {
    this.children = children;
    this.directory = artifacts.express();
    this.stores = stores;
  }

  /**
   * Installs its packages as its lock file says, if they are not there, and says so if it cannot. Needs a registry, so
   * it is called before the network is left.
   */
  public static void install(Artifacts artifacts) throws IOException, InterruptedException {
    Path directory = artifacts.express();
    if (isInstalled(directory) || Artifacts.onPath("npm").isEmpty()) {
      return;
    }
    System.out.println("npm ci in " + directory);
    ProcessBuilder npm = new ProcessBuilder("npm", "ci", "--silent")
        .directory(directory.toFile())
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD);
    try (Companion running = Companion.start(npm)) {
      int code = running.process().waitFor();
      if (code != 0) {
        System.out.println("npm ci in " + directory + " failed with exit code " + code
            + ": the Express peer will not run; the same command by hand says why");
      }
    }
  }

  /** Tells whether all of its packages are in {@code directory}. */
  static boolean isInstalled(Path directory) {
    return Files.isRegularFile(directory.resolve(INSTALLED));
  }

  /**
   * Starts it on a database of its own.
   *
   * @throws NotRunException if Node or its packages are missing
   */
  public Target start(String database) throws IOException, InterruptedException, NotRunException {
    if (Artifacts.onPath("node").isEmpty()) {
      throw new NotRunException("node is not installed");
    }
    if (!isInstalled(directory)) {
      throw new NotRunException("its packages are not installed: npm ci in " + directory);
    }
    int port = Service.freePort();
    Map<String, String> environment = new HashMap<>(Map.of(
        "NODE_ENV",
        "production",
        "HOST",
        "127.0.0.1",
        "PORT",
        Integer.toString(port),
        "MONGO_URI",
        stores.mongoUri("127.0.0.1", database),
        "REDIS_URL",
        stores.redisUrl("127.0.0.1"),
        "JWT_SECRET",
        "signs-the-tokens-of-the-peer"));
    Child child = children.start(
        "express", List.of("node", directory.resolve("server.js").toString()), environment);
    child.awaitLine(line -> line.startsWith("listening on") ? line : null, Duration.ofSeconds(30));
    URI url = URI.create("http://127.0.0.1:" + port);
    String token = new Client(url)
        .post("/login", Map.of(), "{\"username\":\"user\",\"password\":\"pass\"}")
        .json()
        .path("token")
        .asText();
    return new Target(
        url, token, List.of(child.pid()), Jobs.Queue.BULL, List.of(() -> children.end(child)));
  }
}
