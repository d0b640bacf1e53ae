package io.github.scalingtoolkit.benchmarks.scale;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.benchmarks.load.TinyServer;
import io.github.scalingtoolkit.benchmarks.verify.Client;
import io.undertow.util.Headers;
import io.undertow.util.HttpString;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FloorTest {
  private static final HttpString OF_ITS_OWN = new HttpString("X-Of-Its-Own");

  @TempDir
  private Path directory;

  @Test
  void theFloorIsAskedForWhatTheServiceIsAskedForAndAnswersTheSame() throws Exception {
    try (Children children = new Children(directory);
        TinyServer server = TinyServer.start(exchange -> {
          exchange.getResponseHeaders().put(OF_ITS_OWN, "kept");
          exchange
              .getResponseSender()
              .send("for " + exchange.getRequestHeaders().getFirst(Headers.AUTHORIZATION));
        })) {
      Target service = target(server.url(), "the-token");
      Floor floor = new Floor(children, new Artifacts(Path.of("..")), directory);

      floor.learn(service);
      try (Target running = floor.start()) {
        assertThat(running.token()).isEqualTo("the-token");
        Client.Answer answer = new Client(running.url()).get("/api/todos", Map.of());
        assertThat(answer.text()).isEqualTo("for Bearer the-token");
        assertThat(answer.response().headers().firstValue("X-Of-Its-Own")).contains("kept");
      }
    }
  }

  private static Target target(URI url, String token) {
    return new Target(
        url,
        token,
        token,
        "",
        List.of(),
        List.of(),
        Jobs.Queue.NONE,
        URI.create("redis://127.0.0.1"),
        List.of());
  }
}
