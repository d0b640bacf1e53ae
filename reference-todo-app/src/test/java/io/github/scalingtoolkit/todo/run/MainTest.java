package io.github.scalingtoolkit.todo.run;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.RedisServer;
import io.github.scalingtoolkit.todo.embedded.ChildJvm;
import io.github.scalingtoolkit.todo.mongo.WireServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Contract §3, and what a process says when it cannot start. What a JVM adds to {@link Main#run} has processes of its own:
 * signals, exit codes, and who else has a directory.
 */
class MainTest {
  @TempDir
  private Path directory;

  @Test
  void aSecondDemoOnTheSameDataOrPortExitsWith3AndSigtermExitsWith0() {
    Path data = directory.resolve("data");
    try (ChildJvm first = ServiceProcess.demo(data)) {
      TodoClient user = ServiceProcess.logIn(first);
      int port = ServiceProcess.port(first);
      int adminPort = ServiceProcess.adminPort(first);
      assertThat(user.create("Buy milk").statusCode()).isEqualTo(201);

      try (ChildJvm sameData = ServiceProcess.demo(data);
          MainRun samePort = ServiceProcess.demoHere(directory.resolve("other"), "PORT=" + port)) {
        assertThat(sameData.awaitEnd()).isEqualTo(3);
        assertThat(output(sameData))
            .contains("data directory " + data, "process " + first.pid(), "DATA_DIR");
        assertThat(samePort.awaitEnd()).isEqualTo(3);
        assertThat(output(samePort)).contains(":" + port + " ", " PORT.");
        assertClean(sameData);
        assertClean(samePort);
      }
      // It asks once, and a service that has just started may not be ready.
      TodoClient admin = TodoClient.anonymous(adminPort);
      Await.until("it is ready", () -> admin.get("/readyz").statusCode() == 200);
      try (ChildJvm check =
          ServiceProcess.start(List.of("APP_ENV=demo", "ADMIN_PORT=" + adminPort), "healthcheck")) {
        assertThat(check.awaitEnd()).isZero();
        assertClean(check);
      }

      assertThat(TodoClient.titles(user.list())).containsExactly("Buy milk");
      sendMoreTrailersThanUndertowTakes(port, user);
      first.terminate();
      assertThat(first.awaitEnd()).isZero();
      assertThat(output(first))
          .contains("/login -H 'Content-Type: application/json'")
          .doesNotContain(user.token(), "Buy milk");
      assertClean(first);
    }
  }

  /** Undertow prints a stack trace of it. */
  private static void sendMoreTrailersThanUndertowTakes(int port, TodoClient user) {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      OutputStream out = socket.getOutputStream();
      out.write(("POST /api/todos HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer " + user.token()
              + "\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
              + "d\r\n{\"title\":\"a\"}\r\n0\r\n")
          .getBytes(StandardCharsets.US_ASCII));
      byte[] trailer =
          ("X-Trailer: " + "x".repeat(1000) + "\r\n").getBytes(StandardCharsets.US_ASCII);
      for (int i = 0; i < 1300; i++) {
        out.write(trailer);
      }
      socket.getInputStream().readAllBytes();
    } catch (IOException closed) {
      // As it should be.
    }
    assertThat(user.get("/health").statusCode()).isEqualTo(200);
  }

  @Test
  void addUserAddsAUserWhoCanLogInAndRefusesANameThatIsTaken() {
    Path data = directory.resolve("data");
    String password = "read from standard input";
    List<String> environment = List.of("APP_ENV=demo", "DATA_DIR=" + data);
    try (MainRun added = MainRun.startWith(password + "\n", environment, "add-user", "ada")) {
      assertThat(added.awaitEnd()).isZero();
      assertThat(output(added)).contains("ada was added").doesNotContain(password);
    }
    try (MainRun taken = MainRun.startWith(password + "\n", environment, "add-user", "ada");
        MainRun weak = MainRun.startWith("short\n", environment, "add-user", "bob");
        MainRun nameless = MainRun.startWith("", environment, "add-user")) {
      assertThat(taken.awaitEnd()).isEqualTo(1);
      assertThat(output(taken)).contains("the username ada is taken");
      assertThat(weak.awaitEnd()).isEqualTo(2);
      assertThat(output(weak)).contains("password must have 8 to 1024 bytes");
      assertThat(nameless.awaitEnd()).isEqualTo(2);
      assertThat(output(nameless)).contains("usage: ");
    }

    try (MainRun demo = ServiceProcess.demoHere(data)) {
      int port = ServiceProcess.port(demo);
      assertThat(TodoClient.anonymous(port)
              .post("/login", "{\"username\":\"ada\",\"password\":\"" + password + "\"}")
              .statusCode())
          .isEqualTo(200);
      try (MainRun besideIt =
          MainRun.startWith("long enough\n", environment, "add-user", "grace")) {
        assertThat(besideIt.awaitEnd()).isEqualTo(3);
        assertThat(output(besideIt)).contains("in use", "stop it", "POST /register");
        assertClean(besideIt);
      }
    }
  }

  @Test
  void everythingWrongWithTheSettingsIsSaidAtOnceAndEndsWith2() {
    try (ChildJvm child = ServiceProcess.demo(
        directory,
        "PORT=eighty",
        "CACHE_TTL=soon",
        "RATE_LIMIT=many",
        "REDIS_URL=http://user:hidden-password@127.0.0.1",
        "MONGO_URI=postgres://user:hidden-password@127.0.0.1",
        "JWT_SECRET=short-secret")) {
      assertThat(child.awaitEnd()).isEqualTo(2);
      assertThat(output(child))
          .contains("PORT", "eighty", "CACHE_TTL", "soon", "RATE_LIMIT", "many")
          .contains("REDIS_URL", "MONGO_URI", "JWT_SECRET must have at least 32 bytes")
          .doesNotContain("hidden-password", "short-secret");
      assertThat(child.lines()).as("a line each").hasSize(6);
      assertClean(child);
    }
  }

  @Test
  void helpPrintsTheRolesAndExitsWith0() {
    try (MainRun option = MainRun.start(List.of(), "--help");
        MainRun ofARole = MainRun.start(List.of("PORT=eighty"), "cluster", "-h")) {
      for (MainRun child : List.of(option, ofARole)) {
        assertThat(child.awaitEnd()).isZero();
        assertThat(child.lines())
            .singleElement()
            .asString()
            .startsWith("usage: [serve|work|cluster");
      }
    }
  }

  @Test
  void aWrongArgumentOrOneTooManyEndsWith2AndShowsTheRoles() {
    try (MainRun wrong = MainRun.start(List.of("APP_ENV=demo"), "sevre\u001b[31m");
        MainRun tooMany = MainRun.start(List.of("APP_ENV=demo"), "serve", "work")) {
      for (MainRun child : List.of(wrong, tooMany)) {
        assertThat(child.awaitEnd()).isEqualTo(2);
        assertThat(output(child)).contains("usage: ", "serve").doesNotContain("\u001b");
        assertClean(child);
      }
    }
  }

  @Test
  void productionWithoutASecretEndsWith2AndShowsHowToMakeOne() {
    try (MainRun child = MainRun.start(List.of("NODE_ENV=production", "PORT=0", "ADMIN_PORT=0"))) {
      assertThat(child.awaitEnd()).isEqualTo(2);
      assertThat(child.lines()).hasSize(1);
      assertThat(output(child)).contains("JWT_SECRET must be set", "openssl rand -base64 48");
      assertClean(child);
    }
  }

  @Test
  void theQueueIsOperatedFromTheCommandLine() {
    try (RedisServer redis = RedisServer.start()) {
      List<String> environment = List.of("APP_ENV=demo", "REDIS_URL=" + redis.url());
      try (MainRun paused = MainRun.start(environment, "queue", "pause")) {
        assertThat(paused.awaitEnd()).isZero();
      }
      try (MainRun status = MainRun.start(environment, "queue", "status");
          MainRun help = MainRun.start(environment, "queue", "--help");
          MainRun wrong = MainRun.start(environment, "queue");
          MainRun nowhere = MainRun.start(List.of("APP_ENV=demo"), "queue", "status")) {
        assertThat(status.awaitEnd()).isZero();
        assertThat(status.lines()).contains("queue      notifications  PAUSED", "waiting    0");
        assertThat(help.awaitEnd()).isZero();
        assertThat(output(help)).contains("[--queue NAME]", "retry ID");
        assertThat(wrong.awaitEnd()).isEqualTo(2);
        assertThat(output(wrong)).contains("a command is missing");
        assertThat(nowhere.awaitEnd()).isEqualTo(2);
        assertThat(output(nowhere)).contains("set REDIS_URL");
        assertClean(status);
      }
    }
  }

  @Test
  void aMisspeltNameIsHintedAtWithoutItsValue() {
    try (MainRun child =
        MainRun.start(List.of("NODE_ENV=production", "JWT_SECRT=hidden-password"))) {
      assertThat(child.awaitEnd()).isEqualTo(2);
      assertThat(output(child))
          .contains("JWT_SECRT (from environment) is not a setting: did you mean JWT_SECRET?")
          .doesNotContain("hidden-password");
      assertClean(child);
    }
  }

  @Test
  void aDataDirectoryThatCannotBeWrittenEndsWith3() throws Exception {
    // A file in its place: a directory without the right would be no hindrance to root.
    Path file = Files.writeString(directory.resolve("data"), "a file");

    try (MainRun child = ServiceProcess.demoHere(file)) {
      assertThat(child.awaitEnd()).isEqualTo(3);
      assertThat(output(child)).contains(file.toString(), "DATA_DIR");
      assertClean(child);
    }
    assertThat(file).hasContent("a file");
  }

  @Test
  void aCorruptDataFileEndsWith3AndIsLeftAlone() throws Exception {
    Path file = directory.resolve("data/mongo/store.mv");
    Files.createDirectories(file.getParent());
    Files.writeString(file, "not what the store wrote\n".repeat(1000));
    byte[] before = Files.readAllBytes(file);

    try (MainRun child = ServiceProcess.demoHere(directory.resolve("data"))) {
      assertThat(child.awaitEnd()).isEqualTo(3);
      assertThat(output(child)).contains("store.mv", "move it away");
      assertClean(child);
    }
    assertThat(file).hasBinaryContent(before);
  }

  @Test
  void anAdminPortInUseEndsWith3AndNamesIt() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        MainRun child = ServiceProcess.demoHere(
            directory.resolve("data"), "ADMIN_PORT=" + taken.getLocalPort())) {
      assertThat(child.awaitEnd()).isEqualTo(3);
      assertThat(output(child)).contains(":" + taken.getLocalPort() + " ", " ADMIN_PORT.");
      assertClean(child);
    }
  }

  @Test
  void aForeignHostExitsWith3AndAnUnknownOneWith2NamingTheSetting() {
    try (MainRun foreign = ServiceProcess.demoHere(directory.resolve("one"), "HOST=192.0.2.1");
        MainRun unknown =
            ServiceProcess.demoHere(directory.resolve("two"), "ADMIN_HOST=no-such-host.invalid")) {
      assertThat(foreign.awaitEnd()).isEqualTo(3);
      assertThat(output(foreign)).contains("192.0.2.1", " by HOST.").doesNotContain("PORT");
      assertThat(unknown.awaitEnd()).isEqualTo(2);
      assertThat(output(unknown)).contains("no-such-host.invalid", " by ADMIN_HOST.");
      assertClean(foreign);
      assertClean(unknown);
    }
  }

  @Test
  void unwritableNotificationsEndWith3AndNameTheDirectory() throws Exception {
    Path data = directory.resolve("data");
    Files.createDirectories(data.resolve("notifications.jsonl"));

    try (MainRun child = ServiceProcess.demoHere(data)) {
      assertThat(child.awaitEnd()).isEqualTo(3);
      assertThat(output(child)).contains("notifications.jsonl", "DATA_DIR");
      assertClean(child);
    }
  }

  @Test
  void ctrlCEndsWith0() throws Exception {
    try (ChildJvm child = ChildJvm.start(
            List.of(
                "setsid",
                "env",
                "APP_ENV=demo",
                "PORT=0",
                "ADMIN_PORT=0",
                "DATA_DIR=" + directory.resolve("data")),
            Main.class)
        .owning(directory.resolve("data"))) {
      TodoClient user = ServiceProcess.logIn(child);
      assertThat(user.create("Buy milk").statusCode()).isEqualTo(201);

      child.interruptGroup();

      assertThat(child.awaitEnd()).isZero();
      assertClean(child);
    }
  }

  @Test
  void aShortSecretForHs512EndsWith2() {
    try (MainRun child = MainRun.start(
        List.of("NODE_ENV=production", "JWT_ALGORITHM=HS512", "JWT_SECRET=" + "x".repeat(63)))) {
      assertThat(child.awaitEnd()).isEqualTo(2);
      assertThat(output(child)).contains("at least 64 bytes for HS512");
      assertClean(child);
    }
  }

  @Test
  void printConfigNamesEverySettingAndHidesSecrets() {
    try (MainRun child = MainRun.start(
        List.of(
            "APP_ENV=production",
            "JWT_SECRET=hidden-secret-hidden-secret-hidden-secret",
            "MONGO_URI=mongodb://user:hidden-mongo@db.example/todoapp",
            "REDIS_URL=redis://user:hidden-redis@cache.example:6379",
            "SMTP_URL=smtp://user:hidden-smtp@mail.example:25?from=a@example.com&to=b@example.com",
            "CACHE_TTL=7s"),
        "print-config")) {
      assertThat(child.awaitEnd()).isZero();
      assertThat(output(child))
          .contains("PORT", "HOST", "ADMIN_PORT", "ADMIN_HOST", "MONGO_URI", "REDIS_URL")
          .contains("CACHE_REDIS_URL", "JWT_SECRET", "JWT_ALGORITHM", "ACCESS_TOKEN_TTL")
          .contains("CACHE_LOCAL", "RATE_LIMIT", "CORS_ORIGINS", "MAX_BODY", "MONGO_POOL_SIZE")
          .contains("WORKER_CONCURRENCY", "MAX_IN_FLIGHT", "DATA_DIR", "DRAIN_TIMEOUT")
          .contains("LOG_FORMAT", "LOG_LEVEL")
          .containsPattern("CACHE_TTL\\s+= \\S*7")
          .doesNotContain("hidden-");
      assertClean(child);
    }
  }

  @Test
  void aRedisThatSpeaksAnotherProtocolLeavesTheServiceDegraded() throws Exception {
    HttpServer noRedis =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    noRedis.start();
    try (MainRun child = ServiceProcess.demoHere(
        directory.resolve("data"),
        "REDIS_URL=redis://:hidden-password@127.0.0.1:" + noRedis.getAddress().getPort())) {
      TodoClient user = ServiceProcess.logIn(child);
      TodoClient admin = TodoClient.anonymous(ServiceProcess.adminPort(child));

      assertThat(user.create("Buy milk").statusCode()).isEqualTo(201);
      assertThat(TodoClient.titles(user.list())).containsExactly("Buy milk");
      String told = "Redis at redis://***@127.0.0.1:" + noRedis.getAddress().getPort()
          + " answers with another protocol than Redis; check that it runs and that REDIS_URL";
      Await.until("/readyz says DEGRADED and why", () -> {
        HttpResponse<String> answer = admin.get("/readyz");
        assertThat(answer.body()).doesNotContain("hidden-password");
        return answer.statusCode() == 200
            && TodoClient.json(answer).get("status").textValue().equals("DEGRADED")
            && answer.body().contains(told);
      });
      Await.until(
          "the breaker has tried again, and again in vain",
          () -> admin
              .get("/metrics")
              .body()
              .lines()
              .anyMatch(
                  line -> line.matches(
                      "resilience4j_circuitbreaker_not_permitted_calls_total.*name=\"redis\".* ([3-9]|[0-9]{2,})\\.0")));

      child.terminate();
      assertThat(child.awaitEnd()).isZero();
      assertWarnedOf(child, "redis", told);
      assertThat(warnings(child, "guard=redis "))
          .singleElement()
          .asString()
          .containsAnyOf("another protocol than Redis", "does not answer in time");
      assertThat(output(child)).doesNotContain("hidden-password", "failureRate=-1");
      assertClean(child);
    } finally {
      noRedis.stop(0);
    }
  }

  @Test
  void mongoNeverUpAServiceIsUnreadyAndSaysWhyAndSigtermIsStill0() {
    try (ClosedPort nobody = new ClosedPort()) {
      int port = nobody.port();
      unreadyBecauseOfMongo(
          port, "MongoDB at 127.0.0.1:" + port + "/todoapp", "Connection refused", "MONGO_URI");
    }
  }

  @Test
  void aMongoThatRefusesTheCredentialsIsNamedWithWhatToDo() {
    try (WireServer server = WireServer.start()) {
      unreadyBecauseOfMongo(
          server.port(),
          "MongoDB at 127.0.0.1:" + server.port() + "/todoapp refused the credentials",
          "authSource in MONGO_URI");
    }
  }

  private void unreadyBecauseOfMongo(int port, String... told) {
    try (MainRun child = ServiceProcess.demoHere(
        directory.resolve("data"),
        "MONGO_URI=mongodb://user:hidden-password@127.0.0.1:" + port + "/todoapp")) {
      TodoClient admin = TodoClient.anonymous(ServiceProcess.adminPort(child));
      TodoClient anybody = TodoClient.anonymous(ServiceProcess.port(child));
      assertThat(anybody.get("/health").statusCode()).isEqualTo(200);
      Await.until("/readyz says 503 and why", () -> {
        HttpResponse<String> answer = admin.get("/readyz");
        assertThat(answer.body()).doesNotContain("hidden-password");
        return answer.statusCode() == 503 && Stream.of(told).allMatch(answer.body()::contains);
      });

      child.terminate();
      assertThat(child.awaitEnd()).isZero();
      assertWarnedOf(child, "mongodb", told);
      assertThat(output(child)).doesNotContain("hidden-password");
      assertClean(child);
    }
  }

  /** A busy machine may find that it was slow before it finds what is wrong: each reason is one line. */
  private static void assertWarnedOf(Program child, String check, String... told) {
    assertThat(warnings(child, "check=" + check + " "))
        .hasSizeBetween(1, 3)
        .anySatisfy(line -> assertThat(line).contains(told));
  }

  private static List<String> warnings(Program child, String about) {
    return child.lines().stream()
        .filter(line -> line.contains(" WARN ") && line.contains(about))
        .toList();
  }

  private static String output(Program child) {
    return String.join("\n", child.lines());
  }

  private static void assertClean(Program child) {
    assertThat(child.lines())
        .noneMatch(line -> line.matches("\\s+at \\S+\\(.*") || line.startsWith("Caused by"))
        .noneMatch(line -> line.contains("Exception in thread") || line.contains("eyJ"));
  }
}
