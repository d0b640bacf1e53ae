package io.github.scalingtoolkit.todo;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A thread a request must not mean a buffer a request: on Java 21 and later, blocking routes run on virtual threads. */
class VirtualThreadMemoryTest {
  private static final int REQUESTS = 20_000;
  private static final int CONNECTIONS = 4;
  private static final int IN_A_BATCH = 20;
  private static final long MOST_GROWTH = 32L << 20;

  @TempDir
  private Path directory;

  @Test
  void twentyThousandBlockingRequestsTakeLessThan32MbOfDirectMemory() throws Exception {
    try (TestStores stores = TestStores.start(directory)) {
      TodoApp app =
          new TodoApp(stores.settings("CACHE_LOCAL", "off", "RATE_LIMIT", "off"), Role.SERVE);
      app.start();
      try {
        TodoClient user = TodoClient.of(app.port(), "user1");
        user.create("Buy milk");
        ask(user, 1000);
        long before = directMemory();

        ask(user, REQUESTS);

        assertThat(directMemory() - before).isLessThan(MOST_GROWTH);
      } finally {
        app.stop();
      }
    }
  }

  private static long directMemory() {
    return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
        .filter(pool -> pool.getName().equals("direct"))
        .mapToLong(BufferPoolMXBean::getMemoryUsed)
        .sum();
  }

  /** By hand, since a client of Java's own has direct buffers too. */
  private static void ask(TodoClient user, int requests) throws IOException {
    byte[] request = ("GET /api/todos HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
            + user.token() + "\r\n\r\n")
        .repeat(IN_A_BATCH)
        .getBytes(StandardCharsets.US_ASCII);
    for (int connection = 0; connection < CONNECTIONS; connection++) {
      try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), user.port())) {
        socket.setSoTimeout(30_000);
        socket.setTcpNoDelay(true);
        InputStream in = new BufferedInputStream(socket.getInputStream());
        OutputStream out = socket.getOutputStream();
        for (int i = 0; i < requests / CONNECTIONS; i += IN_A_BATCH) {
          out.write(request);
          for (int answer = 0; answer < IN_A_BATCH; answer++) {
            readAnswer(in);
          }
        }
      }
    }
  }

  private static void readAnswer(InputStream in) throws IOException {
    String status = readLine(in);
    assertThat(status).startsWith("HTTP/1.1 200");
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
