package io.github.scalingtoolkit.todo.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.scalingtoolkit.testing.Await;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a client may leave open once its request has been answered. */
class InFlightTest {
  /** More than the buffers of a socket and of its peer take. */
  private static final byte[] LARGE = new byte[32 * 1024 * 1024];

  private static final Duration LONGEST = Duration.ofSeconds(1);

  private final HttpClient client = HttpClient.newHttpClient();
  private final HttpServer server = HttpServer.start(
      new HttpConfig(
          "test", "127.0.0.1", 0, 1024, 2, LONGEST, Duration.ofSeconds(75), Set.of("*"), false),
      new Router(List.of(
          Route.get(
              "/small",
              Admission.EVERYBODY,
              exchange -> Respond.json(exchange, 200, "[]".getBytes(ISO_8859_1))),
          Route.get(
              "/large", Admission.EVERYBODY, exchange -> Respond.json(exchange, 200, LARGE)))),
      new SimpleMeterRegistry());

  @AfterEach
  void stop() {
    server.stop(Duration.ofSeconds(5));
  }

  @Test
  void clientsThatDoNotReadTheirAnswersDoNotBlockOthers() throws Exception {
    List<Socket> deaf = new ArrayList<>();
    try {
      // As many as are worked on and wait.
      for (int i = 0; i < 4; i++) {
        Socket socket = new Socket();
        deaf.add(socket);
        socket.setReceiveBufferSize(4096);
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port()));
        socket
            .getOutputStream()
            .write("GET /large HTTP/1.1\r\nHost: h\r\n\r\n".getBytes(ISO_8859_1));
      }

      Await.until("others are served", () -> status("/small") == 200);
      Await.until("none of them is left", () -> server.inFlight() == 0);
    } finally {
      for (Socket socket : deaf) {
        socket.close();
      }
    }
  }

  @Test
  void aSteadyReaderGetsAllOfALargeAnswer() throws Exception {
    assertThat(client.send(request("/large"), BodyHandlers.ofByteArray()).body())
        .hasSize(LARGE.length);
  }

  @Test
  void aConnectionMayLieIdleForLongerThanARequestMayTake() throws Exception {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
      String first = ask(socket);
      socket.setSoTimeout(Math.toIntExact(2 * LONGEST.toMillis()));

      assertThatThrownBy(() -> socket.getInputStream().read())
          .as("it is still open")
          .isInstanceOf(SocketTimeoutException.class);
      socket.setSoTimeout(60_000);
      assertThat(ask(socket)).startsWith("HTTP/1.1 200").hasSameSizeAs(first);
    }
  }

  /** Asks for what is small, and reads all of the answer, which ends with its body. */
  private static String ask(Socket socket) throws IOException {
    socket.getOutputStream().write("GET /small HTTP/1.1\r\nHost: h\r\n\r\n".getBytes(ISO_8859_1));
    StringBuilder answer = new StringBuilder();
    while (!answer.toString().endsWith("\r\n\r\n[]")) {
      int next = socket.getInputStream().read();
      assertThat(next).as("the answer goes on after: %s", answer).isNotNegative();
      answer.append((char) next);
    }
    return answer.toString();
  }

  private int status(String path) {
    try {
      return client.send(request(path), BodyHandlers.discarding()).statusCode();
    } catch (IOException e) {
      throw new AssertionError(e);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private HttpRequest request(String path) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path))
        .timeout(Duration.ofSeconds(60))
        .build();
  }
}
