package io.github.scalingtoolkit.todo.run;

import static io.github.scalingtoolkit.todo.run.Problems.assertProblem;
import static io.github.scalingtoolkit.todo.run.TodoClient.fieldNames;
import static io.github.scalingtoolkit.todo.run.TodoClient.header;
import static io.github.scalingtoolkit.todo.run.TodoClient.json;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.testing.Await;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Contract §1 and §2 on who is let in, by requests to the whole service. */
class LoginAndTokensTest {
  private static final String CREDENTIALS = "{\"username\":\"user\",\"password\":\"pass\"}";

  @TempDir
  private static Path directory;

  private static TestService service;

  @BeforeAll
  static void start() {
    service = TestService.start(directory);
    awaitDemoUser(service.anybody());
  }

  @AfterAll
  static void stop() {
    service.close();
  }

  /** The service stores the user in the background. */
  private static void awaitDemoUser(TodoClient anybody) {
    Await.until(
        "the demo's user can log in",
        () -> anybody.post("/login", CREDENTIALS).statusCode() == 200);
  }

  @Test
  void theDemoUserLogsInAndTheTokenOpensTheList() {
    HttpResponse<String> login = service.anybody().post("/login", CREDENTIALS);

    assertThat(login.statusCode()).isEqualTo(200);
    assertThat(List.copyOf(fieldNames(json(login)))).containsExactly("token", "expiresIn");
    assertThat(json(login).get("expiresIn").intValue()).isEqualTo(3600);
    assertThat(header(login, "Cache-Control")).isEqualTo("no-store");
    String token = json(login).get("token").textValue();
    TodoClient user = new TodoClient(service.app().port(), token);
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
      HttpResponse<String> answer = service.anybody().post("/login", credentials);

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
    HttpResponse<String> answer = service.anybody().post("/login", body);

    assertThat(answer.statusCode()).isEqualTo(status);
    assertProblem(answer);
  }

  @Test
  void withoutATokenOrWithABadOneItIs401InTheTutorialsWords() {
    String good = service.newUser().token();
    HttpResponse<String> none = service.anybody().list();
    HttpResponse<String> otherScheme =
        service.anybody().get("/api/todos", "Authorization", "Basic dTpw");
    HttpResponse<String> forged =
        service.anybody().get("/api/todos", "Authorization", "Bearer " + good + "x");
    HttpResponse<String> lowerCase =
        service.anybody().get("/api/todos", "Authorization", "bearer " + good);

    assertUnauthorized(none, "No token");
    assertThat(header(forged, "WWW-Authenticate")).isEqualTo("Bearer error=\"invalid_token\"");
    assertThat(otherScheme.statusCode()).isEqualTo(401);
    assertUnauthorized(forged, "Invalid token");
    assertThat(lowerCase.statusCode()).isEqualTo(200);
  }

  @Test
  void hs512SignsTokensThatOpenTheList() {
    TodoApp hs512 = new TodoApp(
        service.stores().settings("JWT_ALGORITHM", "HS512", "JWT_SECRET", "x".repeat(64)),
        Role.SERVE);
    hs512.start();
    try {
      TodoClient anybody = TodoClient.anonymous(hs512.port());
      awaitDemoUser(anybody);

      String token = json(anybody.post("/login", CREDENTIALS)).get("token").textValue();

      assertThat(new String(Base64.getUrlDecoder().decode(token.split("\\.")[0]), UTF_8))
          .contains("\"HS512\"", "\"at+jwt\"");
      assertThat(new TodoClient(hs512.port(), token).list().statusCode()).isEqualTo(200);
      assertUnauthorized(TodoClient.of(hs512.port(), "user1").list(), "Invalid token");
    } finally {
      hs512.stop();
    }
  }

  private static void assertUnauthorized(HttpResponse<String> answer, String error) {
    assertThat(answer.statusCode()).isEqualTo(401);
    assertProblem(answer);
    assertThat(json(answer).get("error").textValue()).isEqualTo(error);
    assertThat(header(answer, "WWW-Authenticate")).startsWith("Bearer");
  }

  @Test
  void whoRegistersCanLogInAndIsKnownByTheToken() {
    String credentials = "{\"username\":\"ada@example.org\",\"password\":\"long enough\"}";

    HttpResponse<String> registered = service.anybody().post("/register", credentials);

    assertThat(registered.statusCode()).isEqualTo(201);
    assertThat(header(registered, "Location")).isEqualTo("/me");
    HttpResponse<String> login = service.anybody().post("/login", credentials);
    TodoClient ada =
        new TodoClient(service.app().port(), json(login).get("token").textValue());
    HttpResponse<String> me = ada.get(header(registered, "Location"));
    assertThat(me.statusCode()).isEqualTo(200);
    assertThat(me.body()).isEqualTo(registered.body());
    assertThat(List.copyOf(fieldNames(json(me)))).containsExactly("sub", "username", "roles");
    assertThat(json(me).get("username").textValue()).isEqualTo("ada@example.org");
    assertThat(json(ada.create("mine")).get("userId")).isEqualTo(json(me).get("sub"));
    assertThat(service.anybody().post("/register", credentials).statusCode()).isEqualTo(409);
    assertUnauthorized(service.anybody().get("/me"), "No token");
    assertThat(service.newUser().get("/me").statusCode())
        .as("a token of a user who is not stored")
        .isEqualTo(404);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"username\":\"a b\",\"password\":\"long enough\"} | username",
        "{\"username\":\"\",\"password\":\"long enough\"} | username",
        "{\"username\":\"ada\",\"password\":\"7 bytes\"} | password",
        "{\"username\":\"longenough\",\"password\":\"longenough\"} | password",
        "{\"username\":\"ada\"} | password",
        "{\"username\":\"ada\",\"password\":12345678} | password"
      })
  void aRegistrationThatBreaksARuleIs422AndNamesTheField(String body, String field) {
    HttpResponse<String> answer = service.anybody().post("/register", body);

    assertThat(answer.statusCode()).isEqualTo(422);
    assertProblem(answer);
    assertThat(json(answer).get("errors").get(0).get("field").textValue()).isEqualTo(field);
  }
}
