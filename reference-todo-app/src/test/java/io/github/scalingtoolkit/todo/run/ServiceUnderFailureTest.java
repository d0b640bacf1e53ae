package io.github.scalingtoolkit.todo.run;

import static io.github.scalingtoolkit.todo.run.BreakableService.awaitReady;
import static io.github.scalingtoolkit.todo.run.BreakableService.id;
import static io.github.scalingtoolkit.todo.run.BreakableService.state;
import static io.github.scalingtoolkit.todo.run.TodoClient.header;
import static io.github.scalingtoolkit.todo.run.TodoClient.jobPath;
import static io.github.scalingtoolkit.todo.run.TodoClient.json;
import static io.github.scalingtoolkit.todo.run.TodoClient.titles;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.Ports;
import io.github.scalingtoolkit.todo.embedded.ChildJvm;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;

/** The rows of contract §4 beside the stores: mail, jobs, drains and kills, through the whole service. */
class ServiceUnderFailureTest {
  private static final int WRITERS = 4;
  private static final int ENOUGH = 200;

  @TempDir
  private Path directory;

  private BreakableService service;

  @BeforeEach
  void start() {
    service = BreakableService.start(directory);
  }

  @AfterEach
  void stop() {
    service.close();
    ChildJvm.endRedis(directory.resolve("killed"));
  }

  @Test
  void mailServerOutTheJobIsTriedFiveTimesAndDead() {
    TodoApp app = service.run(
        Role.BOTH,
        // It is asked again and again.
        "RATE_LIMIT",
        "off",
        "SMTP_URL",
        "smtp://127.0.0.1:" + Ports.free() + "?from=a@example.com&to=b@example.com");
    TodoClient user = TodoClient.of(app.port(), "user1");

    String job = jobPath(user.create("Buy milk"));

    Await.until("it waits for its next attempt", () -> state(user, job).equals("retry"));
    assertThat(json(user.get(job)).get("attempts").intValue()).isBetween(1, 4);
    Await.until("it is given up", () -> state(user, job).equals("dead"));
    assertThat(json(user.get(job)).get("attempts").intValue()).isEqualTo(5);
    assertThat(titles(user.list())).containsExactly("Buy milk");
  }

  @Test
  void aProcessThatOnlyServesTellsThatTheQueueHasNoWorker() {
    TodoApp app = service.run(Role.SERVE);
    TodoClient admin = TodoClient.anonymous(app.adminPort());

    // If Redis takes its time, the gauges are NaN at first.
    Await.until(
        "the gauges tell",
        () -> admin
            .get("/metrics")
            .body()
            .contains("toolkit_queue_workers{queue=\"notifications\",state=\"idle\"} 0.0"));
    assertThat(admin.get("/metrics").body())
        .contains("toolkit_queue_jobs{queue=\"notifications\",state=\"waiting\"} 0.0");
  }

  @Test
  void aJobLiesInRedisAsTheContractHasIt() throws Exception {
    TodoApp app = service.run(Role.SERVE);
    TodoClient user = TodoClient.of(app.port(), "user1");
    HttpResponse<String> created = user.create("Buy milk");
    String job = jobPath(created).replace("/api/jobs/", "");

    AtomicReference<String> stored = new AtomicReference<>();
    try (Jedis jedis = service.redis().connect()) {
      // If Redis takes its time, it is enqueued after its create was answered.
      Await.until("it is enqueued", () -> {
        stored.set(jedis.get("q:{notifications}:j:" + job));
        return stored.get() != null;
      });
    }

    String[] nameAndPayload = stored.get().split("\n", 2);
    assertThat(nameAndPayload[0].split(" ")[0]).isEqualTo("5c005sendEmail");
    assertThat(new ObjectMapper().readTree(nameAndPayload[1]))
        .isEqualTo(new ObjectMapper()
            .createObjectNode()
            .put("userId", "user1")
            .put("todoId", id(created)));
  }

  @Test
  void whileItDrainsItIsUnreadyAndAnswersWhatIsUnderWay() throws Exception {
    TodoApp app = service.run(Role.SERVE, "DRAIN_TIMEOUT", "60s");
    awaitReady(app, 200, "UP");
    String body = "{\"title\":\"Buy milk\"}";
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), app.port())) {
      socket.setSoTimeout(60_000);
      OutputStream out = socket.getOutputStream();
      out.write(("POST /api/todos HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
              + "Authorization: Bearer " + TodoClient.of(0, "user1").token()
              + "\r\nExpect: 100-continue\r\nContent-Length: " + body.length() + "\r\n\r\n")
          .getBytes(StandardCharsets.US_ASCII));
      String underWay = "HTTP/1.1 100 Continue\r\n\r\n";
      byte[] first = socket.getInputStream().readNBytes(underWay.length());
      assertThat(new String(first, StandardCharsets.US_ASCII)).isEqualTo(underWay);
      Thread stopper = new Thread(app::stop, "stopper");
      stopper.start();

      awaitReady(app, 503, "DRAINING");
      out.write(body.getBytes(StandardCharsets.US_ASCII));

      assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
          .startsWith("HTTP/1.1 201")
          .contains("Connection: close");
      stopper.join();
    }
  }

  @Test
  void appKilledAcknowledgedTodosAreListedAndTheirJobsDelivered() throws Exception {
    Path data = directory.resolve("killed");
    Set<String> acknowledged = ConcurrentHashMap.newKeySet();
    TodoClient user;
    try (ChildJvm child = ServiceProcess.demo(data, "RATE_LIMIT=off")) {
      user = ServiceProcess.logIn(child);
      List<Thread> writers = new ArrayList<>();
      for (int i = 0; i < WRITERS; i++) {
        Thread writer = new Thread(() -> writeUntilItDies(user, acknowledged), "writer-" + i);
        writer.start();
        writers.add(writer);
      }
      Await.until("enough is written", () -> acknowledged.size() >= ENOUGH || !child.isAlive());

      child.kill();

      for (Thread writer : writers) {
        writer.join();
      }
    }
    assertThat(acknowledged).hasSizeGreaterThanOrEqualTo(ENOUGH);

    try (ChildJvm child = ServiceProcess.demo(data, "RATE_LIMIT=off")) {
      // The token from before holds: the key that signed it is kept.
      TodoClient again = new TodoClient(ServiceProcess.port(child), user.token());
      assertThat(everyId(again)).containsAll(acknowledged);
      Path notifications = data.resolve("notifications.jsonl");
      Await.until(
          "each is delivered, at the latest when its lease or its wait in the outbox has ended",
          () -> Set.copyOf(Notified.todos(notifications)).containsAll(acknowledged));
      child.terminate();
      assertThat(child.awaitEnd()).isZero();
    }
  }

  private static void writeUntilItDies(TodoClient user, Set<String> acknowledged) {
    try {
      while (true) {
        HttpResponse<String> created = user.create("Buy milk");
        if (created.statusCode() != 201) {
          return;
        }
        acknowledged.add(id(created));
      }
    } catch (UncheckedIOException killed) {
      // What was not answered may be there or not.
    }
  }

  private static Set<String> everyId(TodoClient user) {
    Set<String> ids = ConcurrentHashMap.newKeySet();
    String path = "/api/todos";
    while (!path.isEmpty()) {
      HttpResponse<String> page = user.get(path);
      assertThat(page.statusCode()).isEqualTo(200);
      for (JsonNode todo : json(page)) {
        ids.add(todo.get("_id").textValue());
      }
      String link = header(page, "Link");
      path = link.equals("none") ? "" : link.substring(1, link.indexOf('>'));
    }
    return ids;
  }
}
