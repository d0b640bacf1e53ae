package io.github.scalingtoolkit.todo.run;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.todo.run.HostileRequests.Made;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Whatever clients send, no answer is a failure of the service, tells anything of another user or of the inside, or leaves
 * something behind. {@code -Dtoolkit.test.hostile=N} sends N requests, {@code -Dtoolkit.test.seed=S} those of a run that failed.
 */
class HostileRequestsTest {
  private static final int REQUESTS = Integer.getInteger("toolkit.test.hostile", 10_000);
  private static final long SEED = Long.getLong("toolkit.test.seed", System.nanoTime());
  private static final int CLIENTS = 4;
  private static final int ATTACKERS = 10;
  private static final String MARK = "of the victim alone";
  private static final List<String> OF_THE_INSIDE =
      List.of(MARK, "Exception", "\tat ", "io.github", "mongodb://", "redis://", "passwordHash");
  /** What a request that is not admitted, or names another user's todo, must not be answered with. */
  private static final Set<Integer> DISCLOSING = Set.of(200, 201, 204, 304, 412);

  @TempDir
  private Path directory;

  @Test
  void noRequestBreaksTheServiceOrReachesAnotherUsersTodos() throws Exception {
    System.out.println("hostile requests: " + REQUESTS + " of seed " + SEED);
    try (BreakableService service = BreakableService.start(directory)) {
      // A hash takes as long as a hundred other requests.
      TodoApp app = service.run(Role.SERVE, "RATE_LIMIT", "off", "LOGIN_RATE_LIMIT", "1/1h");
      TodoClient victim = TodoClient.of(app.port(), "victim");
      List<String> victimsIds = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        victimsIds.add(BreakableService.id(victim.create(MARK + " " + i)));
      }
      String before = victim.list().body();
      List<String> tokens = new ArrayList<>();
      List<String> ownIds = new ArrayList<>();
      for (int i = 0; i < ATTACKERS; i++) {
        TodoClient attacker = TodoClient.of(app.port(), "attacker-" + i);
        tokens.add(attacker.token());
        for (int own = 0; own < 10; own++) {
          ownIds.add(BreakableService.id(attacker.create("its own")));
        }
      }
      Drawn drawn = new Drawn(app.port(), tokens, ownIds, victimsIds);
      drawn.send(REQUESTS / 5, SEED);
      int threads = ManagementFactory.getThreadMXBean().getThreadCount();
      int meters = app.meters().getMeters().size();

      Map<Integer, Integer> statuses = drawn.send(REQUESTS - REQUESTS / 5, SEED + 1000);

      assertThat(victim.list().body()).isEqualTo(before);
      assertThat(statuses.keySet())
          .as("the requests reach every kind of answer: %s", statuses)
          .contains(200, 201, 204, 400, 401, 404, 405, 415, 422, 501);
      assertThat(app.meters().getMeters()).hasSizeLessThanOrEqualTo(meters + 5);
      Await.until(
          "as many threads run as after the first of them",
          () -> ManagementFactory.getThreadMXBean().getThreadCount() <= threads + 5);
    }
  }

  private record Drawn(
      int port, List<String> tokens, List<String> ownIds, List<String> victimsIds) {
    /** Sends by several clients, and returns how often each status was the answer. */
    Map<Integer, Integer> send(int requests, long seed) throws Exception {
      Map<Integer, Integer> statuses = new ConcurrentHashMap<>();
      ExecutorService clients = Executors.newFixedThreadPool(CLIENTS);
      try {
        List<Callable<Boolean>> all = new ArrayList<>();
        for (int i = 0; i < CLIENTS; i++) {
          HostileRequests made =
              new HostileRequests(new Random(seed + i), tokens, ownIds, victimsIds);
          all.add(() -> {
            try (Client client = new Client(port, victimsIds)) {
              for (int sent = 0; sent < requests / CLIENTS; sent++) {
                statuses.merge(client.answeredRight(made.next()), 1, Integer::sum);
              }
            }
            return true;
          });
        }
        for (Future<Boolean> done : clients.invokeAll(all)) {
          done.get();
        }
      } finally {
        clients.shutdownNow();
      }
      return new TreeMap<>(statuses);
    }
  }

  /** A client that keeps its connection for as long as it can. */
  private static final class Client implements AutoCloseable {
    private final int port;
    private final List<String> victimsIds;
    private Socket socket;
    private InputStream in;
    private String before = "nothing";

    Client(int port, List<String> victimsIds) throws IOException {
      this.port = port;
      this.victimsIds = victimsIds;
      connect();
    }

    private void connect() throws IOException {
      socket = new Socket(InetAddress.getLoopbackAddress(), port);
      socket.setTcpNoDelay(true);
      socket.setSoTimeout(60_000);
      in = new BufferedInputStream(socket.getInputStream(), 32 * 1024);
    }

    /** Returns the status of its answer, or 0 if the connection was closed instead. */
    int answeredRight(Made made) throws IOException {
      String what = "seed " + SEED + ": " + made.line() + " after " + before;
      before = made.line();
      String head = "";
      String body = "";
      try {
        socket.getOutputStream().write(made.bytes());
        if (!made.keepsConnection()) {
          socket.shutdownOutput();
        }
        head = head();
        if (!head.isEmpty()) {
          body = body(head, made.head());
        }
      } catch (SocketTimeoutException unanswered) {
        throw new AssertionError(what + " is never answered", unanswered);
      } catch (IOException closed) {
        // Refused while it was still sending: the answer, if there was one, may be lost.
      }
      if (head.isEmpty()) {
        reconnect();
        return 0;
      }
      int status = Integer.parseInt(head.substring(9, 12));
      assertThat(status < 500 || status == 501)
          .as("%s is answered with %s%s", what, head, body)
          .isTrue();
      assertThat(head + body).as(what).doesNotContain(OF_THE_INSIDE);
      boolean isOptions = made.names("OPTIONS ");
      boolean isOpen =
          !made.names(" /api/todos") && !made.names(" /api/jobs") && !made.names(" /me");
      assertThat(!made.admitted() && !isOptions && !isOpen && DISCLOSING.contains(status))
          .as("%s is admitted without a token: %s", what, head)
          .isFalse();
      assertThat(!isOptions
              && victimsIds.stream().anyMatch(made::names)
              && DISCLOSING.contains(status))
          .as("%s reaches another user's todo: %s%s", what, head, body)
          .isFalse();
      if (!made.keepsConnection() || head.toLowerCase(Locale.ROOT).contains("connection: close")) {
        reconnect();
      }
      return status;
    }

    private void reconnect() throws IOException {
      socket.close();
      connect();
    }

    private String head() throws IOException {
      ByteArrayOutputStream head = new ByteArrayOutputStream();
      int matched = 0;
      while (matched < 4) {
        int next = in.read();
        if (next < 0) {
          return "";
        }
        head.write(next);
        matched = next == (matched % 2 == 0 ? '\r' : '\n') ? matched + 1 : next == '\r' ? 1 : 0;
      }
      return head.toString(ISO_8859_1);
    }

    private String body(String head, boolean none) throws IOException {
      int status = Integer.parseInt(head.substring(9, 12));
      if (none || status == 204 || status == 304) {
        return "";
      }
      for (String line : head.split("\r\n")) {
        if (line.regionMatches(true, 0, "Content-Length:", 0, 15)) {
          return new String(
              in.readNBytes(Integer.parseInt(line.substring(15).strip())), ISO_8859_1);
        }
      }
      return new String(in.readAllBytes(), ISO_8859_1);
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }
}
