package io.github.scalingtoolkit.todo.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a request may have as its body, and how the rest is refused. */
class RequestBodyTest {
  private final ObjectMapper json = new ObjectMapper();
  private final TestServer server = new TestServer();

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void aBodyThatIsCutOffIsNoSuccess() throws Exception {
    try (Socket socket = server.connect()) {
      CompletableFuture<String> answer = RawAnswer.on(socket);
      socket
          .getOutputStream()
          .write(("POST /things HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
                  + "Content-Length: 20\r\n\r\n{\"a\":1}")
              .getBytes(ISO_8859_1));

      socket.shutdownOutput();

      assertThat(answer.get(60, TimeUnit.SECONDS))
          .startsWith("HTTP/1.1 400 ")
          .contains("Connection: close", "Body incomplete");
    }
  }

  @Test
  void aTypeWithoutANameIsUnsupported() throws Exception {
    assertThat(server.post(";", BodyPublishers.ofString("{}")).statusCode()).isEqualTo(415);
  }

  @Test
  void expectContinueIsAnsweredUnlessTheBodyIsTooLong() throws Exception {
    HttpRequest.Builder request =
        server.to("/things").header("Content-Type", "application/json").expectContinue(true);

    assertThat(server.send(request.copy().POST(BodyPublishers.ofString("{}"))).statusCode())
        .isEqualTo(201);
    assertThat(server.raw("POST /things HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
            + "Expect: 100-continue\r\nContent-Length: 1000000\r\n\r\n"))
        .startsWith("HTTP/1.1 413");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{",
        "",
        "{}x",
        "{\"a\":1,\"a\":2}",
        "{\"a\":{\"b\":1,\"b\":2}}",
        "{'a':1}",
        "{\"a\":NaN}",
        "\ufeff{}",
        "{}{}",
        "{\"a\":01}",
        "[[[[[[[[[[[[[[[[[[[[1",
        "[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]{}",
        "{\"a\":[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]],\"a\":1}"
      })
  void whatIsNotOneJsonObjectWithoutDuplicatesIs400(String body) throws Exception {
    HttpResponse<String> answer = server.post(body);

    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(json.readTree(answer.body()).get("error").asText()).isEqualTo("Malformed JSON");
  }

  @Test
  void jsonBeyondABoundIs422AndToldWhichOne() throws Exception {
    assertBeyond("{\"a\":" + "[".repeat(16) + "1" + "]".repeat(16) + "}", "deeper than 16 levels");
    assertBeyond("{\"a\":" + "1".repeat(101) + "}", "more than 100 characters");
    assertBeyond("{\"" + "a".repeat(50_001) + "\":1}", "more than 50000 characters");

    String deepest = "{\"a\":" + "[".repeat(15) + "1" + "]".repeat(15) + "}";
    assertThat(server.post(deepest).statusCode()).isEqualTo(201);
    assertThat(server.post("{\"a\":" + "1".repeat(100) + "}").statusCode()).isEqualTo(201);
  }

  private void assertBeyond(String body, String bound) throws Exception {
    HttpResponse<String> answer = server.post(body);

    assertThat(answer.statusCode()).isEqualTo(422);
    JsonNode errors = json.readTree(answer.body()).get("errors");
    assertThat(errors).hasSize(1);
    assertThat(errors.get(0).get("message").textValue()).contains(bound);
  }

  @Test
  void badUtf8Is400() throws Exception {
    byte[] body = {'{', '"', (byte) 0xc3, '"', ':', '1', '}'};

    HttpResponse<String> answer = server.post("application/json", BodyPublishers.ofByteArray(body));

    assertThat(answer.statusCode()).isEqualTo(400);
  }

  @ParameterizedTest
  @ValueSource(strings = {"[]", "1", "\"a\"", "null"})
  void jsonThatIsNoObjectIs422(String body) throws Exception {
    assertThat(server.post(body).statusCode()).isEqualTo(422);
  }

  @ParameterizedTest
  @CsvSource({
    "application/json,201", "Application/JSON; charset=UTF-8,201",
        "application/json;charset=\"utf-8\",201",
    "application/json; charset=latin1,415", "text/plain,415",
        "application/x-www-form-urlencoded,415"
  })
  void onlyJsonInUtf8IsTaken(String type, int status) throws Exception {
    assertThat(server.post(type, BodyPublishers.ofString("{}")).statusCode()).isEqualTo(status);
  }

  @Test
  void aBodyBeyondTheLimitIs413WithAndWithoutAKnownLength() throws Exception {
    byte[] body = ("{\"a\":\"" + "x".repeat(101 * 1024) + "\"}").getBytes(UTF_8);

    HttpResponse<String> known = server.post("application/json", BodyPublishers.ofByteArray(body));
    String head = "POST /things HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
        + "Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
    String chunk = Integer.toHexString(body.length) + "\r\n" + new String(body, UTF_8) + "\r\n";

    assertThat(known.statusCode()).isEqualTo(413);
    assertThat(json.readTree(known.body()).get("error").asText()).isEqualTo("Body too large");
    assertThat(server.raw(head + chunk + "0\r\n\r\n")).startsWith("HTTP/1.1 413");
    assertThat(server.get("/health").statusCode()).isEqualTo(200);
  }

  @Test
  void aClientMaySendTheRestOfABodyThatWasRefused() throws Exception {
    byte[] part = new byte[64 * 1024];
    String head = "POST /things HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
        + "Content-Length: " + 4 * part.length + "\r\n\r\n";
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
      OutputStream out = socket.getOutputStream();
      out.write(head.getBytes(UTF_8));
      out.write(part);
      BufferedReader in = new BufferedReader(new InputStreamReader(socket.getInputStream(), UTF_8));
      assertThat(in.readLine()).startsWith("HTTP/1.1 413");

      for (int rest = 0; rest < 3; rest++) {
        out.write(part);
      }
      out.write("GET /health HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n".getBytes(UTF_8));

      assertThat(in.lines()).anyMatch(line -> line.endsWith("HTTP/1.1 200 OK"));
    }
  }
}
