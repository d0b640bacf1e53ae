package io.github.scalingtoolkit.todo.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.github.scalingtoolkit.core.limit.ClientAddress;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.todo.http.HttpConfig;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class BalancerTest {
  /** Four of these are worked on, four wait, and four bodies may be on their way. */
  private static final HttpConfig SMALL = new HttpConfig(
      "public",
      "127.0.0.1",
      0,
      1024,
      1,
      Duration.ofSeconds(10),
      Duration.ofSeconds(75),
      Set.of("*"),
      false);

  private final HttpClient client = HttpClient.newHttpClient();

  @Test
  void clientsWhoAreSlowWithTheirBodiesKeepNobodyFromReadingOrWriting() throws Exception {
    HttpServer served =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    served.createContext("/", exchange -> {
      exchange.sendResponseHeaders(200, -1);
      exchange.close();
    });
    served.start();
    int port = served.getAddress().getPort();
    WorkerProcess worker = new WorkerProcess(
        1,
        new ProcessBuilder(
                "sh",
                "-c",
                "echo '" + WorkerLink.ANNOUNCEMENT + port + " " + port + "'; exec sleep 60")
            .start());
    Balancer balancer = new Balancer(SMALL, ClientAddress.behind());
    List<Socket> slow = new ArrayList<>();
    try {
      Await.until("the worker has said where it is", () -> worker.address().isPresent());
      balancer.add(worker);
      balancer.start();
      for (int i = 0; i < 12; i++) {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), balancer.port());
        slow.add(socket);
        socket
            .getOutputStream()
            .write("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 500\r\n\r\n{"
                .getBytes(StandardCharsets.UTF_8));
      }
      HttpRequest.Builder request = HttpRequest.newBuilder(
              URI.create("http://127.0.0.1:" + balancer.port() + "/"))
          .timeout(Duration.ofSeconds(20));
      HttpRequest write = request.copy().POST(BodyPublishers.ofString("{}")).build();

      assertThat(new String(slow.get(0).getInputStream().readAllBytes(), StandardCharsets.UTF_8))
          .as("the first gave way to the last")
          .startsWith("HTTP/1.1 503");
      for (int i = 0; i < 10; i++) {
        assertThat(status(write)).isEqualTo(200);
      }
      assertThat(status(request.GET().build())).isEqualTo(200);
    } finally {
      for (Socket socket : slow) {
        socket.close();
      }
      balancer.stop();
      worker.kill();
      served.stop(0);
    }
  }

  private int status(HttpRequest request) {
    try {
      return client.send(request, BodyHandlers.discarding()).statusCode();
    } catch (Exception failed) {
      throw new AssertionError(failed);
    }
  }
}
