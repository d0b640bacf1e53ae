package io.github.scalingtoolkit.todo.run;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.todo.embedded.ChildJvm;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A thread a request must not mean a buffer a request: on Java 21 and later, blocking routes run on virtual threads.
 * {@code -Dtoolkit.test.requests} asks for more.
 */
class VirtualThreadMemoryTest {
  /** In batches on each connection. */
  private static final int REQUESTS = Integer.getInteger("toolkit.test.requests", 4_000);

  private static final int CONNECTIONS = 4;
  private static final int IN_A_BATCH = 20;
  private static final long MOST = 32L << 20;
  private static final int CREATED = 200;

  @TempDir
  private Path directory;

  @Test
  void thousandsOfListsAndCreatesTakeLessThan32MbOfDirectMemory() throws Exception {
    try (ChildJvm service =
        ServiceProcess.demo(directory.resolve("data"), "CACHE_LOCAL=off", "RATE_LIMIT=off")) {
      TodoClient user = ServiceProcess.logIn(service);
      TodoClient admin = TodoClient.anonymous(ServiceProcess.adminPort(service));
      ask(user, CREATED / 2, "POST", "{\"title\":\"Buy milk\"}", 201);
      ask(user, REQUESTS / 2, "GET", "", 200);
      // Read and refused: a body each, without a database that is slower than all else.
      ask(user, REQUESTS / 2, "POST", "{\"title\":7,\"pad\":\"" + "x".repeat(2000) + "\"}", 422);
      ask(user, CREATED / 2, "POST", "{\"title\":\"Buy milk\"}", 201);

      // The whole of the process, from its start.
      assertThat(directMemory(admin)).isPositive().isLessThan(MOST);
      // Killed, it would leave its Redis to the next start.
      service.terminate();
      assertThat(service.awaitEnd()).isZero();
    }
  }

  private static long directMemory(TodoClient admin) {
    Matcher used = Pattern.compile(
            "^jvm_buffer_memory_used_bytes\\{[^}]*id=\"direct\"[^}]*} (\\S+)$", Pattern.MULTILINE)
        .matcher(admin.get("/metrics").body());
    assertThat(used.find()).isTrue();
    return (long) Double.parseDouble(used.group(1));
  }

  /** Over few connections, a batch and then its answers. */
  private static void ask(TodoClient user, int requests, String method, String body, int status)
      throws IOException {
    byte[] request = (method + " /api/todos HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
            + user.token()
            + (body.isEmpty()
                ? ""
                : "\r\nContent-Type: application/json\r\nContent-Length: " + body.length())
            + "\r\n\r\n" + body)
        .repeat(IN_A_BATCH)
        .getBytes(StandardCharsets.US_ASCII);
    for (int connection = 0; connection < CONNECTIONS; connection++) {
      try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), user.port())) {
        socket.setSoTimeout(60_000);
        socket.setTcpNoDelay(true);
        InputStream in = new BufferedInputStream(socket.getInputStream());
        OutputStream out = socket.getOutputStream();
        for (int i = 0; i < requests / CONNECTIONS; i += IN_A_BATCH) {
          out.write(request);
          for (int answer = 0; answer < IN_A_BATCH; answer++) {
            readAnswer(in, status);
          }
        }
      }
    }
  }

  private static void readAnswer(InputStream in, int expected) throws IOException {
    String status = readLine(in);
    assertThat(status).startsWith("HTTP/1.1 " + expected);
    int length = 0;
    for (String line = readLine(in); !line.isEmpty(); line = readLine(in)) {
      if (line.regionMatches(true, 0, "Content-Length:", 0, 15)) {
        length = Integer.parseInt(line.substring(15).strip());
      }
    }
    assertThat(in.readNBytes(length)).hasSize(length).isNotEmpty();
  }

  private static String readLine(InputStream in) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int c = in.read(); c != '\n'; c = in.read()) {
      if (c < 0) {
        throw new IOException("the server has closed the connection");
      }
      if (c != '\r') {
        line.append((char) c);
      }
    }
    return line.toString();
  }
}
