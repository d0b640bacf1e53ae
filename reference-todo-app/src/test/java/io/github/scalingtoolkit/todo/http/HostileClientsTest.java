package io.github.scalingtoolkit.todo.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.testing.Await;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Clients who are too many, too slow or out to deceive: they are bounded, and others are served. */
class HostileClientsTest {
  /** How long a request's head may take, and its body, where a test waits until it has taken too long. */
  private static final Duration SHORT = Duration.ofSeconds(1);

  private final TestServer server = new TestServer();

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void beyondTheLimitAndItsQueueRequestsGet503AndHealthIsServedOn() throws Exception {
    List<CompletableFuture<HttpResponse<String>>> answers = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      answers.add(server.ask("/held"));
    }
    Await.until(
        "four are refused",
        () -> answers.stream().filter(CompletableFuture::isDone).count() == 4);

    Await.until("four are at work", () -> server.held() == 4);
    assertThat(server.get("/health").statusCode()).isEqualTo(200);
    server.release();
    List<Integer> statuses =
        answers.stream().map(answer -> answer.join().statusCode()).sorted().toList();
    assertThat(statuses)
        .containsExactly(200, 200, 200, 200, 200, 200, 200, 200, 503, 503, 503, 503);
    answers.stream()
        .map(CompletableFuture::join)
        .filter(answer -> answer.statusCode() == 503)
        .forEach(refused ->
            assertThat(refused.headers().firstValueAsLong("Retry-After")).hasValue(1));
  }

  @Test
  void slowUploadsDoNotKeepOthersFromReadingOrWriting() throws Exception {
    // Twice: a client that has gone has left its place.
    for (int times = 0; times < 2; times++) {
      List<Socket> slow = new ArrayList<>();
      try {
        // More than are worked on, wait, and may be on their way, all together.
        for (int i = 0; i < 20; i++) {
          slow.add(beginBody("POST"));
        }
        awaitGivenWay(slow);

        assertThat(server.get("/large").statusCode()).isEqualTo(200);
        for (int i = 0; i < 10; i++) {
          assertThat(server.post("{}").statusCode()).isEqualTo(201);
        }
      } finally {
        for (Socket socket : slow) {
          socket.close();
        }
      }
      Await.until("all have gone", () -> server.inFlight() == 0);
    }
    assertThat(server.post("{}").statusCode()).isEqualTo(201);
  }

  @Test
  void aBodyThatTricklesHasAsLongAsAHeadInAllAndIsThen408() throws Exception {
    server.restart(SHORT, Set.of("*"));

    assertThat(trickle(beginBody("POST"))).startsWith("HTTP/1.1 408").contains("Body too slow");
    Await.until("its place is free", () -> server.inFlight() == 0);
    assertThat(server.post("{}").statusCode()).isEqualTo(201);
  }

  @Test
  void anUnreadBodyHoldsNoPlaceAndIsBoundedInTime() throws Exception {
    List<Socket> slow = new ArrayList<>();
    try {
      for (int i = 0; i < 20; i++) {
        slow.add(beginBody("GET"));
      }
      awaitGivenWay(slow);
      assertThat(server.get("/large").statusCode()).isEqualTo(200);
    } finally {
      for (Socket socket : slow) {
        socket.close();
      }
    }

    server.restart(SHORT, Set.of("*"));
    assertThat(trickle(beginBody("DELETE"))).startsWith("HTTP/1.1 405");
  }

  /** Of those who send bodies four have a place. Which they are is for the threads that read them to say. */
  private static void awaitGivenWay(List<Socket> slow) {
    List<CompletableFuture<String>> answers = slow.stream().map(RawAnswer::on).toList();
    Await.until(
        "the others gave way, and are told so",
        () -> answers.stream()
                .map(answer -> answer.getNow(""))
                .filter(answer ->
                    answer.startsWith("HTTP/1.1 503") && answer.contains("Retry-After: 1"))
                .count()
            == slow.size() - 4);
  }

  private Socket beginBody(String method) throws IOException {
    Socket socket = server.connect();
    String path = method.equals("GET") ? "/large" : "/things";
    socket
        .getOutputStream()
        .write((method + " " + path + " HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
                + "Content-Length: 50000\r\n\r\n{")
            .getBytes(ISO_8859_1));
    return socket;
  }

  /** Sends a byte and then listens for a moment, in turn, until it is told to go. */
  private static String trickle(Socket socket) throws IOException {
    ByteArrayOutputStream answer = new ByteArrayOutputStream();
    try (socket) {
      socket.setSoTimeout(50);
      long started = System.nanoTime();
      while (System.nanoTime() - started < Duration.ofSeconds(60).toNanos()) {
        try {
          int next = socket.getInputStream().read();
          if (next < 0) {
            return answer.toString(ISO_8859_1);
          }
          answer.write(next);
        } catch (SocketTimeoutException nothingYet) {
          socket.getOutputStream().write(' ');
        }
      }
    } catch (SocketException closed) {
      return answer.toString(ISO_8859_1);
    }
    throw new AssertionError("nobody has closed the connection: " + answer);
  }

  @Test
  void aSlowLorisIsClosedAndSixHundredOfThemStarveNoClient() throws Exception {
    // All of them are to be there at once.
    server.restart(Duration.ofSeconds(2), Set.of("*"));
    List<Socket> lorises = new ArrayList<>();
    try {
      for (int i = 0; i < 600; i++) {
        Socket socket = server.connect();
        socket.setSoTimeout(60_000);
        OutputStream out = socket.getOutputStream();
        out.write("GET /large HTTP/1.1\r\nHost: h\r\nX-Slow: ".getBytes(ISO_8859_1));
        out.flush();
        lorises.add(socket);
        if (i % 100 == 0) {
          assertThat(server.get("/large").statusCode()).isEqualTo(200);
        }
      }
      for (Socket loris : lorises) {
        assertThat(loris.getInputStream().readAllBytes()).isEmpty();
      }
      assertThat(server.get("/large").statusCode()).isEqualTo(200);
    } finally {
      for (Socket loris : lorises) {
        loris.close();
      }
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "xchunked | 501",
        "gzip | 501",
        "gzip, chunked | 501",
        "identity | 501",
        "chunked, gzip | 400",
        "chunked, chunked | 400",
        "'chunked\r\nTransfer-Encoding: chunked' | 400",
        "'chunked\r\nTransfer-Encoding: gzip' | 400",
        "'' | 400",
        "CHUNKED | 201",
      })
  void aTransferCodingOtherThanChunkedIsRefusedAndClosed(String codings, int status) {
    String answer =
        server.raw("POST /things HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
            + "Transfer-Encoding: " + codings + "\r\n"
            + (status == 201 ? "Connection: close\r\n" : "")
            + "\r\n2\r\n{}\r\n0\r\n\r\n"
            + (status == 201 ? "" : "GET /health HTTP/1.1\r\nHost: h\r\n\r\n"));

    assertThat(answer).startsWith("HTTP/1.1 " + status);
    assertThat(answer.split("HTTP/1.1 ", -1)).as("no second answer").hasSize(2);
    if (status == 501) {
      assertThat(answer)
          .contains("application/problem+json", "X-Content-Type-Options", "\"error\"");
    }
  }

  @Test
  void refusesSmugglingHugeHeadersAndOddPathsAndServesOn() throws Exception {
    assertThat(server.raw(
            "POST /things HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n"
                + "Content-Type: application/json\r\n\r\n0\r\n\r\n"))
        .doesNotContain(" 201 ");
    String huge = "x".repeat(17 * 1024);
    assertThat(server.raw("GET /health HTTP/1.1\r\nHost: h\r\nX-Big: " + huge + "\r\n\r\n"))
        .doesNotContain(" 200 ");
    assertThat(server.raw("GET /%ff%fe HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"))
        .contains(" 404 ");
    assertThat(server.raw("GET /../etc/passwd HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"))
        .contains(" 404 ");
    assertThat(server.get("/health").statusCode()).isEqualTo(200);

    server.restart(SHORT, Set.of("*"));
    String head =
        "POST /things HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: 50\r\n"
            + "Connection: close\r\n\r\n";
    assertThat(server.raw(head.substring(0, head.length() - 1)))
        .as("a head without an end")
        .isEmpty();
    assertThat(server.raw(head + "{}")).as("a body without an end").startsWith("HTTP/1.1 408");
    assertThat(server.get("/health").statusCode()).isEqualTo(200);
  }
}
