package io.github.scalingtoolkit.todo.run;

import static io.github.scalingtoolkit.todo.run.TodoClient.header;
import static io.github.scalingtoolkit.todo.run.TodoClient.json;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoClients;
import com.mongodb.client.model.Updates;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.todo.http.Route;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.bson.Document;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The description of the service says what the service does, in both directions: each answer here is one that is
 * described, with its headers and its schema, and each answer that is described is given here once.
 */
class OpenApiTest {
  private static final String TODO = "{\"title\":\"Buy milk\"}";
  private static final String ITEM = "/api/todos/{id}";
  private static final String LIST = "/api/todos";
  private static final List<String> METHODS = List.of("get", "put", "post", "patch", "delete");

  private static final Pattern EXAMPLE = Pattern.compile(
      "[^\\n]*: (?<status>\\d+)\\n(?<method>[A-Z]+) \\{\\{host}}(?<path>\\S+)\\n(?<headers>(?:[\\w-]+: .*\\n)*)(?<body>[^#]*)");

  @TempDir
  private static Path directory;

  private static TestService service;
  private static JsonNode document;
  private static JsonSchema schemas;

  private final Set<String> seen = new TreeSet<>();

  @BeforeAll
  static void start() {
    service = TestService.start(directory);
    document = json(service.anybody().get("/openapi.json"));
    schemas = new JsonSchema(document);
  }

  @AfterAll
  static void stop() {
    service.close();
  }

  @Test
  void describesEveryRouteAndNoOther() {
    Set<String> routes = service.app().routes().stream()
        .map(route -> operation(route.method(), route.template()))
        .collect(Collectors.toCollection(TreeSet::new));

    assertThat(described(document)).isEqualTo(routes);
    assertThat(document.get("openapi").textValue()).isEqualTo("3.1.0");
  }

  @Test
  void describesTheHeadersThatARouteReadsAndTheTypesThatItTakes() {
    for (Route route : service.app().routes()) {
      JsonNode operation = operationOf(route.method(), route.template());
      Set<String> headers = new HashSet<>();
      for (JsonNode parameter : operation.path("parameters")) {
        JsonNode resolved = schemas.resolved(parameter);
        if (resolved.get("in").textValue().equals("header")) {
          headers.add(resolved.get("name").textValue());
        }
      }
      Set<String> types = new HashSet<>();
      operation.at("/requestBody/content").fieldNames().forEachRemaining(types::add);

      assertThat(headers).as(route.template()).isEqualTo(Set.copyOf(route.headers()));
      assertThat(types).as(route.template()).isEqualTo(Set.copyOf(route.mediaTypes()));
    }
  }

  @Test
  void whatIsOffIsNotDescribedAndNotThere() {
    TodoApp closed = new TodoApp(service.stores().settings("REGISTRATION", "off"), Role.SERVE);
    closed.start();
    try {
      TodoClient anybody = TodoClient.anonymous(closed.port());

      assertThat(described(json(anybody.get("/openapi.json"))))
          .isEqualTo(described(document).stream()
              .filter(operation -> !operation.endsWith(" /register"))
              .collect(Collectors.toCollection(TreeSet::new)));
      assertThat(anybody.post("/register", "{}").statusCode()).isEqualTo(404);
    } finally {
      closed.stop();
    }
  }

  @Test
  void everyAnswerIsDescribedAndEveryAnswerThatIsDescribedIsGiven() {
    success();
    refusals();
    conflicts();
    limits();
    outage();

    Set<String> promised = new TreeSet<>();
    for (String operation : described(document)) {
      String[] parts = operation.split(" ");
      operationOf(parts[0], parts[1])
          .get("responses")
          .fieldNames()
          .forEachRemaining(status -> promised.add(operation + " " + status));
    }
    assertThat(seen).isEqualTo(promised);
  }

  /** The file of examples, as its reader sends it: request by request, with the token and the id of the answers. */
  @Test
  void everyExampleIsAnsweredAsItsTitleSays() throws IOException {
    // A demo's user is made in the background.
    Await.until(
        "the demo's user is there",
        () -> service
                .anybody()
                .post("/login", "{\"username\":\"user\",\"password\":\"pass\"}")
                .statusCode()
            == 200);
    String examples = Files.readString(Path.of("../docs/requests.http"));
    String token = "";
    String id = "";
    int sent = 0;
    for (String example : examples.split("(?m)^### ")) {
      Matcher parts = EXAMPLE.matcher(example);
      if (!parts.matches()) {
        continue;
      }
      List<String> headers = new ArrayList<>();
      for (String line : parts.group("headers").strip().split("\n")) {
        if (!line.isEmpty()) {
          headers.addAll(List.of(line.replace("{{token}}", token).split(": ", 2)));
        }
      }
      HttpResponse<String> answer = service
          .anybody()
          .send(
              parts.group("method"),
              parts.group("path").replace("{{id}}", id),
              parts.group("body").strip(),
              headers.toArray(String[]::new));

      assertThat(answer.statusCode())
          .as(example + answer.body())
          .isEqualTo(Integer.parseInt(parts.group("status")));
      sent++;
      if (parts.group("path").equals("/login")) {
        token = json(answer).get("token").textValue();
      } else if (answer.statusCode() == 201 && parts.group("path").equals(LIST)) {
        id = json(answer).get("_id").textValue();
      }
    }
    assertThat(sent).isEqualTo(examples.split("(?m)^### ").length - 1).isGreaterThan(15);
  }

  private void success() {
    TodoClient anybody = service.anybody();
    for (String path : List.of("/", "/hello", "/health", "/api/health", "/openapi.json")) {
      given("GET", path, anybody.get(path));
    }
    given("GET", "/", anybody.get("/", "Accept", "text/html"));
    for (String path :
        List.of("/", "/openapi.json", "/page/todo.css", "/page/todo.js", "/page/icon.svg")) {
      HttpResponse<String> file = anybody.get(path, "Accept", "text/html");
      given("GET", path, file);
      given(
          "GET",
          path,
          anybody.get(path, "Accept", "text/html", "If-None-Match", header(file, "ETag")));
    }
    String credentials = "{\"username\":\"grace\",\"password\":\"long enough\"}";
    given("POST", "/register", anybody.post("/register", credentials));
    given("POST", "/register", anybody.post("/register", credentials));
    HttpResponse<String> login = anybody.post("/login", credentials);
    given("POST", "/login", login);
    TodoClient grace =
        new TodoClient(service.app().port(), json(login).get("token").textValue());
    given("GET", "/me", grace.get("/me"));
    HttpResponse<String> created = grace.create("Buy milk");
    given("POST", LIST, created);
    String path = header(created, "Location");
    given("GET", ITEM, grace.get(path));
    given("GET", ITEM, grace.get(path, "If-None-Match", header(created, "ETag")));
    given("PATCH", ITEM, grace.send("PATCH", path, "{\"order\":0.5}"));
    given("PUT", ITEM, grace.send("PUT", path, "{\"title\":\"x\",\"order\":2}"));
    HttpResponse<String> list = grace.list();
    given("GET", LIST, list);
    given("GET", LIST, grace.get(LIST, "If-None-Match", header(list, "ETag")));
    given("GET", "/api/jobs/{jobId}", grace.get(TodoClient.jobPath(created)));
    given("DELETE", ITEM, grace.delete(path));
    given("DELETE", LIST, grace.delete(LIST + "?completed=true"));
  }

  private void refusals() {
    TodoClient user = service.newUser();
    String path = header(user.create("Buy milk"), "Location");
    String none = "/api/todos/" + "f".repeat(24);
    for (Route route : service.app().routes()) {
      String method = route.method();
      String template = route.template();
      String there = template
          .replace("{id}", path.substring(path.lastIndexOf('/') + 1))
          .replace("{jobId}", "n-" + "f".repeat(24));
      if (template.startsWith(LIST) || template.startsWith("/api/jobs")) {
        given(method, template, service.anybody().send(method, there, TODO));
      }
      if (route.body() != null) {
        given(method, template, user.send(method, there, "{"));
        given(method, template, user.send(method, there, "x", "Content-Type", "text/plain"));
        given(method, template, user.send(method, there, "x".repeat(200_000)));
        given(method, template, user.send(method, there, "{\"title\":1,\"username\":1}"));
      } else if (template.startsWith(LIST)) {
        given(method, template, user.send(method, there + "?unknown=1", ""));
      }
      if (template.equals(ITEM)) {
        given(method, template, user.send(method, none, TODO));
      }
    }
    given("GET", "/api/jobs/{jobId}", user.get("/api/jobs/n-" + "f".repeat(24)));
    given("GET", "/me", user.get("/me"));
    given("GET", "/me", service.anybody().get("/me"));
    given("POST", "/login", service.anybody().post("/login", "{\"username\":\"grace\"}"));
    for (String method : List.of("PUT", "PATCH", "DELETE")) {
      given(method, ITEM, user.send(method, path, TODO, "If-Match", "\"other\""));
    }
  }

  private void conflicts() {
    TodoClient user = service.newUser();
    given("POST", LIST, user.post(LIST, TODO, "Idempotency-Key", "k"));
    given("POST", LIST, user.post(LIST, TODO, "Idempotency-Key", "k"));
    try (MongoClient mongo = MongoClients.create(service.stores().mongoUri())) {
      mongo
          .getDatabase("todoapp")
          .getCollection("requests")
          .updateMany(
              new Document(),
              Updates.combine(
                  Updates.set("done", false),
                  Updates.set("at", Date.from(Instant.now().plus(Duration.ofHours(1))))));
    }
    given("POST", LIST, user.post(LIST, TODO, "Idempotency-Key", "k"));
  }

  private void limits() {
    TodoApp small = new TodoApp(
        service.stores().settings("RATE_LIMIT", "1/1h", "LOGIN_RATE_LIMIT", "1/2h"), Role.SERVE);
    small.start();
    try {
      TodoClient anybody = TodoClient.anonymous(small.port());
      TodoClient eager = TodoClient.of(small.port(), "eager");
      eager.list();
      for (Route route : small.routes()) {
        String path = route.template().replaceAll("\\{\\w+}", "f".repeat(24));
        if (path.startsWith("/api/") && !path.equals("/api/health")) {
          given(route.method(), route.template(), eager.send(route.method(), path, TODO));
        }
      }
      String wrong = "{\"username\":\"grace\",\"password\":\"wrong\"}";
      anybody.post("/login", wrong);
      given("POST", "/login", anybody.post("/login", wrong));
      HttpResponse<String> registered;
      do {
        registered =
            anybody.post("/register", "{\"username\":\"grace\",\"password\":\"long enough\"}");
        given("POST", "/register", registered);
      } while (registered.statusCode() == 409);
    } finally {
      small.stop();
    }
  }

  /** All at once: until the breaker opens, each takes the time that a store has. */
  private void outage() {
    try (ClosedPort closed = new ClosedPort()) {
      TodoApp cut = new TodoApp(
          service
              .stores()
              .settings(
                  "MONGO_URI",
                  "mongodb://127.0.0.1:" + closed.port() + "/todoapp",
                  "CACHE_TTL",
                  "off"),
          Role.SERVE);
      cut.start();
      ExecutorService threads = Executors.newCachedThreadPool();
      try {
        TodoClient user = TodoClient.of(cut.port(), "cut-off");
        List<CompletableFuture<Runnable>> answers = cut.routes().stream()
            .filter(route -> route.blocking() != null || route.body() != null)
            .map(route -> CompletableFuture.supplyAsync(() -> ask(route, user), threads))
            .toList();
        answers.forEach(answer -> answer.join().run());
      } finally {
        threads.shutdownNow();
        cut.stop();
      }
    }
  }

  private Runnable ask(Route route, TodoClient user) {
    String path =
        route.template().replace("{id}", "f".repeat(24)).replace("{jobId}", "n-" + "f".repeat(24));
    Supplier<HttpResponse<String>> request = switch (route.template()) {
      case "/login", "/register" ->
        () -> user.post(path, "{\"username\":\"linus\",\"password\":\"long enough\"}");
      case LIST ->
        route.method().equals("DELETE")
            ? () -> user.delete(LIST + "?completed=true")
            : () -> user.send(route.method(), path, TODO);
      default -> () -> user.send(route.method(), path, TODO);
    };
    HttpResponse<String> answer = request.get();
    return () -> given(route.method(), route.template(), answer);
  }

  /** Checks an answer against the description. */
  private void given(String method, String template, HttpResponse<String> answer) {
    String what = operation(method, template) + " " + answer.statusCode();
    JsonNode described = schemas.resolved(
        operationOf(method, template).get("responses").path(String.valueOf(answer.statusCode())));
    assertThat(described.isMissingNode())
        .as(what + " is not described: " + answer.body())
        .isFalse();
    seen.add(what);
    JsonNode content = described.path("content");
    if (content.isMissingNode()) {
      assertThat(answer.body()).as(what).isEmpty();
    } else {
      String type = header(answer, "Content-Type").replaceFirst(";.*", "");
      assertThat(content.has(type)).as(what + " is " + type).isTrue();
      JsonNode body = type.endsWith("json") ? json(answer) : TextNode.valueOf(answer.body());
      assertThat(schemas.problems(content.get(type).get("schema"), body))
          .as(what + ": " + answer.body())
          .isEmpty();
    }
    for (Iterator<Map.Entry<String, JsonNode>> headers =
            described.path("headers").fields();
        headers.hasNext(); ) {
      Map.Entry<String, JsonNode> header = headers.next();
      if (schemas.resolved(header.getValue()).path("required").asBoolean()) {
        assertThat(answer.headers().firstValue(header.getKey()))
            .as(what + " has " + header.getKey())
            .isPresent();
      }
    }
  }

  private static JsonNode operationOf(String method, String template) {
    return document.get("paths").get(template).get(method.toLowerCase(Locale.ROOT));
  }

  private static Set<String> described(JsonNode document) {
    Set<String> described = new TreeSet<>();
    document
        .get("paths")
        .fields()
        .forEachRemaining(path -> METHODS.stream()
            .filter(path.getValue()::has)
            .forEach(method -> described.add(operation(method, path.getKey()))));
    return described;
  }

  private static String operation(String method, String template) {
    return method.toUpperCase(Locale.ROOT) + " " + template;
  }
}
