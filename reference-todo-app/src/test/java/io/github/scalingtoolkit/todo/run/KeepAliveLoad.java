package io.github.scalingtoolkit.todo.run;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntFunction;

/**
 * Clients that each send one request after the other on a connection of their own and never send one again: what fails,
 * fails here. Connects again only when told so by {@code Connection: close}. Each rests between two requests, or else
 * they would take the processors from processes that are to start meanwhile.
 */
final class KeepAliveLoad implements AutoCloseable {
  private static final long REST_NANOS = 20_000_000;

  private final int port;
  private final IntFunction<String> requests;
  private final int expected;
  private final Queue<String> failures = new ConcurrentLinkedQueue<>();
  private final AtomicInteger answered = new AtomicInteger();
  private final List<Thread> clients = new ArrayList<>();
  private volatile boolean ended;

  /**
   * Starts {@code clients}.
   *
   * @param requests makes the text of request number n
   * @param expected the status that each is to have
   */
  KeepAliveLoad(int port, int clients, IntFunction<String> requests, int expected) {
    this.port = port;
    this.requests = requests;
    this.expected = expected;
    for (int i = 0; i < clients; i++) {
      Thread client = new Thread(this::run, "load-" + i);
      client.start();
      this.clients.add(client);
    }
  }

  static String get(TodoClient user) {
    return "GET /api/todos HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + user.token()
        + "\r\n\r\n";
  }

  static String post(TodoClient user, String title) {
    String body = "{\"title\":\"" + title + "\"}";
    return "POST /api/todos HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + user.token()
        + "\r\nContent-Type: application/json\r\nContent-Length: " + body.length() + "\r\n\r\n"
        + body;
  }

  int answered() {
    return answered.get();
  }

  /** Ends, and returns what had another status or no answer. */
  List<String> failures() {
    close();
    return List.copyOf(failures);
  }

  @Override
  public void close() {
    ended = true;
    for (Thread client : clients) {
      try {
        client.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void run() {
    int number = 0;
    while (!ended) {
      try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
        socket.setSoTimeout(120_000);
        InputStream in = new BufferedInputStream(socket.getInputStream());
        boolean open = true;
        while (open && !ended) {
          socket
              .getOutputStream()
              .write(requests.apply(number++).getBytes(StandardCharsets.US_ASCII));
          open = readAnswer(in);
          LockSupport.parkNanos(REST_NANOS);
        }
      } catch (IOException failure) {
        failures.add(failure.toString());
      }
    }
  }

  private boolean readAnswer(InputStream in) throws IOException {
    String status = line(in);
    int length = 0;
    boolean open = true;
    for (String header = line(in); !header.isEmpty(); header = line(in)) {
      if (header.regionMatches(true, 0, "Content-Length: ", 0, 16)) {
        length = Integer.parseInt(header.substring(16));
      }
      open &= !header.equalsIgnoreCase("Connection: close");
    }
    String body = new String(in.readNBytes(length), StandardCharsets.UTF_8);
    if (!status.startsWith("HTTP/1.1 " + expected + " ") || body.length() == 0) {
      failures.add(status + " " + body);
    }
    answered.incrementAndGet();
    return open;
  }

  private static String line(InputStream in) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int c = in.read(); c != '\n'; c = in.read()) {
      if (c < 0) {
        throw new IOException("closed after '" + line + "'");
      }
      if (c != '\r') {
        line.append((char) c);
      }
    }
    return line.toString();
  }
}
