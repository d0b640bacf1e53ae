package io.github.scalingtoolkit.benchmarks.scale;

import io.github.scalingtoolkit.benchmarks.verify.Client;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Raw Undertow that writes what the service wrote, for the requests that the service gets, token included: reading a request
 * costs by the byte. What no framework on it can undercut.
 */
public final class Floor {
  /** What Undertow writes itself. */
  private static final Set<String> ITS_OWN = Set.of("date", "connection", "content-length");

  private static final List<String> PATHS = List.of("/api/health", "/api/todos");

  private final Children children;
  private final Artifacts artifacts;
  private final Path work;
  private String token = "";

  /** Keeps the service's answers under {@code work}. */
  public Floor(Children children, Artifacts artifacts, Path work) {
    this.children = children;
    this.artifacts = artifacts;
    this.work = work;
  }

  /** Takes down what {@code service} is asked and answers, so that the floor can write it. */
  public void learn(Target service) throws IOException, InterruptedException {
    token = service.token();
    Client client = new Client(service.url());
    for (String path : PATHS) {
      Client.Answer answer = client.get(path, Map.of("Authorization", "Bearer " + token));
      StringBuilder text = new StringBuilder();
      answer.response().headers().map().forEach((name, values) -> {
        if (!ITS_OWN.contains(name.toLowerCase(java.util.Locale.ROOT))) {
          values.forEach(value -> text.append(name).append(": ").append(value).append('\n'));
        }
      });
      Files.writeString(file(path), text.append('\n').append(answer.text()));
    }
  }

  /** Starts it, to write what it has learnt last. */
  public Target start() throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(artifacts.java()));
    command.addAll(Service.JVM_OPTIONS);
    command.addAll(List.of("-cp", artifacts.ownClassPath(), FloorMain.class.getName(), "0"));
    for (String path : PATHS) {
      command.addAll(List.of(path, file(path).toString()));
    }
    Child child = children.start("floor", command, Map.of());
    String port = child.awaitLine(
        line -> line.startsWith("listening on ") ? line.substring(13) : null,
        Duration.ofSeconds(30));
    return new Target(
        URI.create("http://127.0.0.1:" + port),
        token,
        token,
        "",
        List.of(),
        List.of(child.pid()),
        Jobs.Queue.NONE,
        URI.create("redis://127.0.0.1"),
        List.of(() -> children.end(child)));
  }

  private Path file(String path) {
    return work.resolve("floor" + path.replace('/', '-') + ".txt");
  }
}
