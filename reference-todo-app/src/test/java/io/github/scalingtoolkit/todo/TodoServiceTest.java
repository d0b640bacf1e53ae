package io.github.scalingtoolkit.todo;

import static io.github.scalingtoolkit.todo.TodoClient.header;
import static io.github.scalingtoolkit.todo.TodoClient.jobPath;
import static io.github.scalingtoolkit.todo.TodoClient.json;
import static io.github.scalingtoolkit.todo.TodoClient.titles;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoClients;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.MetricConventions;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Date;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.bson.Document;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Contract §1 and §2, line by line, by requests to the whole service. */
class TodoServiceTest {
  private static final AtomicInteger users = new AtomicInteger();

  @TempDir
  private static Path directory;

  private static TestStores stores;
  private static TodoApp app;

  @BeforeAll
  static void start() {
    stores = TestStores.start(directory);
    app = new TodoApp(stores.settings(), Role.BOTH);
    app.start();
  }

  @AfterAll
  static void stop() {
    if (app != null) {
      app.stop();
    }
    stores.close();
  }

  @Test
  void everyMeterOfEveryModuleFollowsTheConventions() {
    // More than a tag may have values: one whose values users choose would show.
    for (int i = 0; i < 100; i++) {
      TodoClient user = newUser();
      String id = json(user.create("measured " + i)).get("_id").textValue();
      user.get("/api/todos?limit=" + (i + 1));
      user.get("/api/todos/" + id);
      user.get("/api/nothing-" + i);
      anybody().get("/nothing-" + i + "?q=" + i);
    }

    MetricConventions.assertFollowedBy(app.meters());
    assertThat(app.meters().getMeters())
        .extracting(meter -> meter.getId().getName().replaceFirst("^(toolkit[.][a-z]+).*", "$1"))
        .contains("toolkit.cache", "toolkit.queue", "toolkit.auth", "toolkit.todo")
        .contains("toolkit.health", "resilience4j.circuitbreaker.state");
  }

  private static TodoClient anybody() {
    return TodoClient.anonymous(app.port());
  }

  private static TodoClient newUser() {
    return TodoClient.of(app.port(), "user-" + users.incrementAndGet());
  }

  @Test
  void helloGreetsWithTheTutorialsWordsAndAnIsoTime() {
    HttpResponse<String> answer = anybody().get("/hello");

    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.body())
        .matches("\\{\"message\":\"Hello Scalable World!\",\"timestamp\":\"\\d{4}-\\d\\d-\\d\\d"
            + "T\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z\"}");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/health", "/api/health"})
  void healthSaysOkAndUptimeInSecondsAndNothingElse(String path) {
    HttpResponse<String> answer = anybody().get(path);

    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.body()).matches("\\{\"status\":\"OK\",\"uptime\":\\d+\\.\\d{3}}");
    assertThat(header(answer, "RateLimit")).isEqualTo("none");
  }

  @Test
  void theDemoUserLogsInAndHisTokenOpensTheList() {
    HttpResponse<String> login =
        anybody().post("/login", "{\"username\":\"user\",\"password\":\"pass\"}");

    assertThat(login.statusCode()).isEqualTo(200);
    assertThat(List.copyOf(fieldNames(json(login)))).containsExactly("token");
    TodoClient user = new TodoClient(app.port(), json(login).get("token").textValue());
    HttpResponse<String> created = user.create("Buy milk");
    assertThat(created.statusCode()).isEqualTo(201);
    assertThat(json(created).get("userId").textValue()).isEqualTo("user123");
  }

  @Test
  void wrongMissingAndUnknownCredentialsAre401WithOneBody() {
    Set<String> bodies = new HashSet<>();
    for (String credentials : List.of(
        "{\"username\":\"user\",\"password\":\"wrong\"}",
        "{\"username\":\"nobody\",\"password\":\"pass\"}",
        "{\"username\":\"user\"}",
        "{\"password\":\"pass\"}",
        "{}")) {
      HttpResponse<String> answer = anybody().post("/login", credentials);

      assertThat(answer.statusCode()).as(credentials).isEqualTo(401);
      assertThat(header(answer, "WWW-Authenticate")).isEqualTo("Bearer");
      assertThat(json(answer).get("error").textValue()).isEqualTo("Invalid credentials");
      bodies.add(answer.body());
    }
    assertThat(bodies).hasSize(1);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"username\":1,\"password\":\"pass\"} | 422",
        "{\"username\":\"user\",\"password\":[\"pass\"]} | 422",
        "[] | 422",
        "user=user&password=pass | 400",
        "{\"username\":\"user\" | 400"
      })
  void aLoginOfWrongTypesIs422AndOneThatIsNotJsonIs400(String body, int status) {
    HttpResponse<String> answer = anybody().post("/login", body);

    assertThat(answer.statusCode()).isEqualTo(status);
    assertProblem(answer);
  }

  @Test
  void aListIsAMissThenAHitAndHasTheNewTodoRightAfterItsCreate() {
    TodoClient user = newUser();

    HttpResponse<String> first = user.list();
    HttpResponse<String> second = user.list();
    assertThat(first.statusCode()).isEqualTo(200);
    assertThat(first.body()).isEqualTo("[]");
    assertThat(header(first, "X-Cache")).isEqualTo("MISS");
    assertThat(header(second, "X-Cache")).isEqualTo("HIT");
    assertThat(second.body()).isEqualTo(first.body());

    List<String> expected = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      expected.add("todo " + i);
      assertThat(user.create("todo " + i).statusCode()).isEqualTo(201);
      assertThat(titles(user.list())).as("oldest first").isEqualTo(expected);
    }
  }

  @Test
  void aListHasAnEtagAndIs304ForWhoHasIt() {
    TodoClient user = newUser();
    HttpResponse<String> list = user.list();
    String etag = header(list, "ETag");

    HttpResponse<String> same = user.get("/api/todos", "If-None-Match", etag);
    user.create("Buy milk");
    HttpResponse<String> changed = user.get("/api/todos", "If-None-Match", etag);

    assertThat(etag).matches("\"[^\"]+\"");
    assertThat(same.statusCode()).isEqualTo(304);
    assertThat(same.body()).isEmpty();
    assertThat(changed.statusCode()).isEqualTo(200);
    assertThat(header(changed, "ETag")).isNotEqualTo(etag);
  }

  @Test
  void aCreateAnswers201WithTheTodoItsLocationAndItsJob() {
    HttpResponse<String> answer = newUser().create("  Buy milk \u2603 ");

    assertThat(answer.statusCode()).isEqualTo(201);
    JsonNode todo = json(answer);
    assertThat(fieldNames(todo))
        .containsExactly("_id", "title", "completed", "userId", "createdAt", "updatedAt");
    assertThat(todo.get("_id").textValue()).matches("[0-9a-f]{24}");
    assertThat(todo.get("title").textValue()).isEqualTo("Buy milk \u2603");
    assertThat(todo.get("completed").booleanValue()).isFalse();
    assertThat(todo.get("createdAt").textValue())
        .matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z")
        .isEqualTo(todo.get("updatedAt").textValue());
    assertThat(header(answer, "Location"))
        .isEqualTo("/api/todos/" + todo.get("_id").textValue());
    assertThat(jobPath(answer)).startsWith("/api/jobs/");
  }

  @Test
  void completedIsTakenAndWhatAGetAnsweredCanBeSentBack() {
    TodoClient user = newUser();
    HttpResponse<String> first = user.post("/api/todos", "{\"title\":\"done\",\"completed\":true}");

    HttpResponse<String> again =
        user.post("/api/todos", json(user.list()).get(0).toString());
    HttpResponse<String> mongoose = user.post(
        "/api/todos",
        "{\"_id\":\"x\",\"url\":1,\"userId\":\"other\",\"createdAt\":null,\"updatedAt\":{},"
            + "\"__v\":0,\"title\":\"mine\"}");

    assertThat(json(first).get("completed").booleanValue()).isTrue();
    assertThat(again.statusCode()).isEqualTo(201);
    assertThat(json(again).get("completed").booleanValue()).isTrue();
    assertThat(json(again).get("_id")).isNotEqualTo(json(first).get("_id"));
    assertThat(mongoose.statusCode()).isEqualTo(201);
    assertThat(json(mongoose).get("userId")).isEqualTo(json(first).get("userId"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"title\":\"a\",\"priority\":1} | priority",
        "{} | title",
        "{\"title\":7} | title",
        "{\"title\":\"  \"} | title",
        "{\"title\":\"a\\u0007b\"} | title",
        "{\"title\":\"a\\ud83db\"} | title",
        "{\"title\":\"a\",\"completed\":\"yes\"} | completed"
      })
  void validJsonWithABadValueIs422AndNamesTheField(String body, String field) {
    HttpResponse<String> answer = newUser().post("/api/todos", body);

    assertThat(answer.statusCode()).isEqualTo(422);
    assertProblem(answer);
    JsonNode errors = json(answer).get("errors");
    assertThat(errors).hasSize(1);
    assertThat(errors.get(0).get("field").textValue()).isEqualTo(field);
    assertThat(errors.get(0).get("message").textValue()).isNotBlank();
  }

  @Test
  void aTitleHas500CodePointsAtMostNotUtf16Units() {
    TodoClient user = newUser();

    assertThat(user.create("\ud83d\ude00".repeat(500)).statusCode()).isEqualTo(201);
    assertThat(user.create("\ud83d\ude00".repeat(501)).statusCode()).isEqualTo(422);
    assertThat(titles(user.list())).containsExactly("\ud83d\ude00".repeat(500));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"title=a", "{\"title\":\"a\"} {}", "{\"title\":\"a\",\"title\":\"b\"}", ""})
  void whatIsNotOneJsonValueWithoutDuplicateKeysIs400(String body) {
    HttpResponse<String> answer = newUser().post("/api/todos", body);

    assertThat(answer.statusCode()).isEqualTo(400);
    assertProblem(answer);
  }

  @Test
  void tooLargeIs413OtherMethodsAre405AndOneSlashIsTolerated() {
    TodoClient user = newUser();

    HttpResponse<String> large = user.create("a".repeat(101 * 1024));
    HttpResponse<String> method = user.post("/hello", "{}");

    assertThat(large.statusCode()).isEqualTo(413);
    assertProblem(large);
    assertThat(method.statusCode()).isEqualTo(405);
    assertThat(header(method, "Allow")).contains("GET");
    assertProblem(method);
    assertThat(user.get("/api/todos/").statusCode()).isEqualTo(200);
    assertThat(user.get("/api/todos//").statusCode()).isEqualTo(404);
  }

  @Test
  void aJobGoesToCompletedIsItsOwnersAloneAndLeavesALine() {
    TodoClient owner = newUser();
    HttpResponse<String> created = owner.create("Buy milk");
    String path = jobPath(created);

    Set<String> states = new HashSet<>();
    Await.until("the notification is delivered", () -> {
      HttpResponse<String> job = owner.get(path);
      assertThat(job.statusCode()).isEqualTo(200);
      assertThat(fieldNames(json(job))).containsExactly("id", "state", "attempts");
      assertThat("/api/jobs/" + json(job).get("id").textValue()).isEqualTo(path);
      states.add(json(job).get("state").textValue());
      return states.contains("completed");
    });

    assertThat(states).isSubsetOf("pending", "waiting", "active", "completed");
    assertThat(json(owner.get(path)).get("attempts").intValue()).isEqualTo(1);
    assertThat(newUser().get(path).statusCode()).isEqualTo(404);
    assertThat(anybody().get(path).statusCode()).isEqualTo(401);
    assertThat(Notified.todos(stores.notifications()))
        .contains(json(created).get("_id").textValue());
  }

  @ParameterizedTest
  @ValueSource(strings = {"/api/jobs/none", "/api/jobs/000000000000000000000000", "/api/nothing"})
  void aJobOrPathNobodyKnowsIs404(String path) {
    HttpResponse<String> answer = newUser().get(path);

    assertThat(answer.statusCode()).isEqualTo(404);
    assertProblem(answer);
    assertThat(json(answer).get("error").textValue()).isEqualTo("Not found");
  }

  @Test
  void withoutATokenOrWithABadOneItIs401InTheTutorialsWords() {
    String good = newUser().token();
    HttpResponse<String> none = anybody().list();
    HttpResponse<String> otherScheme = anybody().get("/api/todos", "Authorization", "Basic dTpw");
    HttpResponse<String> forged =
        anybody().get("/api/todos", "Authorization", "Bearer " + good + "x");
    HttpResponse<String> lowerCase = anybody().get("/api/todos", "Authorization", "bearer " + good);

    assertUnauthorized(none, "No token");
    assertThat(otherScheme.statusCode()).isEqualTo(401);
    assertUnauthorized(forged, "Invalid token");
    assertThat(lowerCase.statusCode()).isEqualTo(200);
  }

  @Test
  void beyondTheRateLimitIs429WithRetryAfterAndOthersAreServedOn() {
    TodoApp small = new TodoApp(stores.settings("RATE_LIMIT", "3/1h"), Role.SERVE);
    small.start();
    try {
      TodoClient user = TodoClient.of(small.port(), "eager");
      for (int left = 2; left >= 0; left--) {
        HttpResponse<String> answer = user.list();
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(header(answer, "RateLimit")).contains("r=" + left);
        assertThat(header(answer, "RateLimit-Policy")).contains("q=3").contains("w=3600");
      }

      HttpResponse<String> refused = user.list();

      assertThat(refused.statusCode()).isEqualTo(429);
      assertProblem(refused);
      assertThat(Long.parseLong(header(refused, "Retry-After"))).isBetween(1L, 3600L);
      assertThat(TodoClient.of(small.port(), "other").list().statusCode()).isEqualTo(200);
      for (int i = 0; i < 5; i++) {
        assertThat(user.get("/api/health").statusCode()).isEqualTo(200);
        assertThat(user.get("/hello").statusCode()).isEqualTo(200);
      }
    } finally {
      small.stop();
    }
  }

  @Test
  void whoHasNoTokenIsLimitedByTheAddressThatTrustedProxiesTell() {
    TodoApp behind = new TodoApp(
        stores.settings("RATE_LIMIT", "2/1h", "TRUSTED_PROXIES", "127.0.0.1, 10.0.0.0/8"),
        Role.SERVE);
    TodoApp open = new TodoApp(stores.settings("RATE_LIMIT", "2/2h"), Role.SERVE);
    behind.start();
    open.start();
    try {
      TodoClient anybody = TodoClient.anonymous(behind.port());
      assertThat(statusFrom(anybody, "203.0.113.1")).isEqualTo(401);
      assertThat(statusFrom(anybody, "203.0.113.1, 10.1.2.3")).isEqualTo(401);
      assertThat(statusFrom(anybody, "203.0.113.9, 203.0.113.1"))
          .as("what a client claims changes nothing")
          .isEqualTo(429);
      assertThat(statusFrom(anybody, "203.0.113.2")).isEqualTo(401);

      TodoClient direct = TodoClient.anonymous(open.port());
      assertThat(statusFrom(direct, "203.0.113.1")).isEqualTo(401);
      assertThat(statusFrom(direct, "203.0.113.2")).isEqualTo(401);
      assertThat(statusFrom(direct, "203.0.113.3"))
          .as("nobody is trusted unless told so")
          .isEqualTo(429);
    } finally {
      behind.stop();
      open.stop();
    }
  }

  private static int statusFrom(TodoClient client, String forwardedFor) {
    return client.get("/api/todos", "X-Forwarded-For", forwardedFor).statusCode();
  }

  @Test
  void hs512SignsTokensThatOpenTheList() {
    TodoApp hs512 = new TodoApp(
        stores.settings("JWT_ALGORITHM", "HS512", "JWT_SECRET", "x".repeat(64)), Role.SERVE);
    hs512.start();
    try {
      TodoClient anybody = TodoClient.anonymous(hs512.port());
      String credentials = "{\"username\":\"user\",\"password\":\"pass\"}";
      Await.until(
          "the demo's user can log in",
          () -> anybody.post("/login", credentials).statusCode() == 200);

      String token = json(anybody.post("/login", credentials)).get("token").textValue();

      assertThat(new String(Base64.getUrlDecoder().decode(token.split("\\.")[0]), UTF_8))
          .contains("\"HS512\"", "\"at+jwt\"");
      assertThat(new TodoClient(hs512.port(), token).list().statusCode()).isEqualTo(200);
      assertUnauthorized(TodoClient.of(hs512.port(), "user1").list(), "Invalid token");
    } finally {
      hs512.stop();
    }
  }

  @Test
  void withoutLocalMemoryACreateIsInTheNextListOfEveryProcess() {
    TodoApp one = new TodoApp(stores.settings("CACHE_LOCAL", "off"), Role.SERVE);
    TodoApp other = new TodoApp(stores.settings("CACHE_LOCAL", "off"), Role.SERVE);
    one.start();
    other.start();
    try {
      String name = "user-" + users.incrementAndGet();
      TodoClient here = TodoClient.of(one.port(), name);
      TodoClient there = TodoClient.of(other.port(), name);
      List<String> expected = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        assertThat(there.list().statusCode()).isEqualTo(200);
        expected.add("todo " + i);

        assertThat(here.create("todo " + i).statusCode()).isEqualTo(201);

        assertThat(titles(there.list())).isEqualTo(expected);
      }
      assertThat(header(there.list(), "X-Cache")).isEqualTo("HIT");
    } finally {
      one.stop();
      other.stop();
    }
  }

  @Test
  void processesOnOneRedisShareTheRateLimit() {
    TodoApp one = new TodoApp(stores.settings("RATE_LIMIT", "10/1h"), Role.SERVE);
    TodoApp other = new TodoApp(stores.settings("RATE_LIMIT", "10/1h"), Role.SERVE);
    one.start();
    other.start();
    try {
      TodoClient here = TodoClient.of(one.port(), "everywhere");
      TodoClient there = TodoClient.of(other.port(), "everywhere");
      for (int i = 0; i < 10; i++) {
        assertThat(here.list().statusCode()).isEqualTo(200);
      }
      assertThat(here.list().statusCode()).isEqualTo(429);

      // The first there may come before it has settled; a process alone would admit ten.
      HttpResponse<String> first = there.list();
      assertThat(first.statusCode()).isIn(200, 429);
      Await.until("the other process has heard of it", () -> {
        HttpResponse<String> answer = there.list();
        return answer.statusCode() == 429 && Long.parseLong(header(answer, "Retry-After")) > 360;
      });
      assertThat(TodoClient.of(other.port(), "somebody else").list().statusCode())
          .isEqualTo(200);
    } finally {
      one.stop();
      other.stop();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/livez",
        "/readyz",
        "/startupz",
        "/metrics",
        "/info",
        "/queues",
        "/audit",
        "/drain",
        "/faults"
      })
  void pathsOfTheAdminPortAre404OnThePublicOne(String path) {
    assertThat(newUser().get(path).statusCode()).isEqualTo(404);
  }

  @Test
  void theAdminPortTellsOfLifeReadinessMetricsAndTheBuild() {
    TodoClient admin = TodoClient.anonymous(app.adminPort());
    newUser().list();

    assertThat(json(admin.get("/livez")).get("status").textValue()).isEqualTo("UP");
    assertThat(json(admin.get("/startupz")).get("status").textValue()).isEqualTo("UP");
    Await.until(
        "the first checks are done",
        () -> json(admin.get("/readyz")).get("status").textValue().equals("UP"));
    assertThat(admin.get("/readyz").statusCode()).isEqualTo(200);
    assertThat(header(admin.get("/metrics"), "Content-Type")).startsWith("text/plain");
    assertThat(admin.get("/metrics").body())
        .contains("jvm_memory_used_bytes")
        .contains("resilience4j_circuitbreaker_state")
        .contains("todos")
        .doesNotContain("user-");
    assertThat(fieldNames(json(admin.get("/info"))))
        .contains("name", "version", "java", "mode", "role");
    assertThat(admin.get("/api/todos").statusCode()).isEqualTo(404);
  }

  @Test
  void everyAnswerHasHelmetsHeadersAndLetsAnyPageReadIt() {
    HttpResponse<String> answer = newUser().get("/api/todos", "Origin", "https://page.example");

    assertThat(header(answer, "X-Content-Type-Options")).isEqualTo("nosniff");
    assertThat(header(answer, "X-Powered-By")).isEqualTo("none");
    assertThat(header(answer, "Server")).isEqualTo("none");
    assertThat(header(answer, "Access-Control-Allow-Origin")).isEqualTo("*");
    assertThat(header(answer, "Access-Control-Expose-Headers"))
        .contains("X-Cache", "Link", "ETag", "Location", "Retry-After", "RateLimit");
  }

  @Test
  void aListOf1001TodosHasALinkToItsNextPage() {
    String user = "collector";
    try (MongoClient mongo = MongoClients.create(stores.mongoUri())) {
      List<Document> todos = new ArrayList<>();
      for (int i = 0; i < 1001; i++) {
        todos.add(new Document("title", "todo " + i)
            .append("completed", false)
            .append("userId", user)
            .append("createdAt", Date.from(Instant.now()))
            .append("updatedAt", Date.from(Instant.now()))
            .append("__v", 0));
      }
      mongo.getDatabase("todoapp").getCollection("todos").insertMany(todos);
    }
    TodoClient client = TodoClient.of(app.port(), user);

    HttpResponse<String> first = client.list();
    HttpResponse<String> hit = client.list();
    String link = header(first, "Link");
    assertThat(link).matches("</api/todos\\?after=[0-9a-f]{24}>; rel=\"next\"");
    HttpResponse<String> next = client.get(link.substring(1, link.indexOf('>')));

    assertThat(titles(first)).hasSize(1000).startsWith("todo 0").endsWith("todo 999");
    assertThat(header(hit, "X-Cache")).isEqualTo("HIT");
    assertThat(header(hit, "Link")).isEqualTo(link);
    assertThat(titles(next)).containsExactly("todo 1000");
    assertThat(header(next, "Link")).isEqualTo("none");
    assertThat(client.get("/api/todos?after=nonsense").statusCode()).isEqualTo(422);
  }

  private static void assertUnauthorized(HttpResponse<String> answer, String error) {
    assertThat(answer.statusCode()).isEqualTo(401);
    assertProblem(answer);
    assertThat(json(answer).get("error").textValue()).isEqualTo(error);
    assertThat(header(answer, "WWW-Authenticate")).isEqualTo("Bearer");
  }

  private static void assertProblem(HttpResponse<String> answer) {
    assertThat(header(answer, "Content-Type")).startsWith("application/problem+json");
    assertThat(json(answer).get("status").intValue()).isEqualTo(answer.statusCode());
    assertThat(json(answer).get("error").textValue()).isNotBlank();
  }

  private static List<String> fieldNames(JsonNode object) {
    List<String> names = new ArrayList<>();
    object.fieldNames().forEachRemaining(names::add);
    return names;
  }

  @Test
  void withTheCacheOffEveryListComesFromMongoDbAndOtherProcessesStillSeeItsWrites() {
    TodoApp uncached =
        new TodoApp(stores.settings("CACHE_TTL", "off", "DATA_DIR", "unused"), Role.SERVE);
    uncached.start();
    try {
      String name = "user-" + users.incrementAndGet();
      TodoClient through = TodoClient.of(uncached.port(), name);
      TodoClient other = TodoClient.of(app.port(), name);
      other.get("/api/todos");
      other.get("/api/todos");

      through.post("/api/todos", "{\"title\":\"written past the cache\"}");

      for (int i = 0; i < 2; i++) {
        HttpResponse<String> list = through.get("/api/todos");
        assertThat(header(list, "X-Cache")).isEqualTo("BYPASS");
        assertThat(titles(list)).containsExactly("written past the cache");
      }
      Await.until(
          "the other process' memory has let go of the old list",
          () -> titles(other.get("/api/todos")).size() == 1);
    } finally {
      uncached.stop();
    }
  }
}
