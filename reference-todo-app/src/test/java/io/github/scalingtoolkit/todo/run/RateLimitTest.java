package io.github.scalingtoolkit.todo.run;

import static io.github.scalingtoolkit.todo.run.Problems.assertProblem;
import static io.github.scalingtoolkit.todo.run.TodoClient.header;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.testing.Await;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How often a caller may ask, by requests to whole services. */
class RateLimitTest {
  @TempDir
  private static Path directory;

  private static TestStores stores;

  @BeforeAll
  static void start() {
    stores = TestStores.start(directory);
  }

  @AfterAll
  static void stop() {
    stores.close();
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
  void wrongPasswordsFromOneAddressEndIn429WhileOtherAddressesLogIn() {
    TodoApp small = new TodoApp(
        stores.settings("LOGIN_RATE_LIMIT", "2/1h", "TRUSTED_PROXIES", "127.0.0.1"), Role.SERVE);
    small.start();
    try {
      TodoClient anybody = TodoClient.anonymous(small.port());
      String right = "{\"username\":\"guessed-at\",\"password\":\"long enough\"}";
      String wrong = right.replace("long enough", "a wrong one");
      assertThat(logInFrom(anybody, "203.0.113.1", "/register", right).statusCode())
          .isEqualTo(201);
      for (int i = 0; i < 2; i++) {
        assertThat(logInFrom(anybody, "203.0.113.1", "/login", wrong).statusCode())
            .isEqualTo(401);
      }

      HttpResponse<String> refused = logInFrom(anybody, "203.0.113.1", "/login", right);

      assertThat(refused.statusCode()).isEqualTo(429);
      assertProblem(refused);
      assertThat(Long.parseLong(header(refused, "Retry-After"))).isBetween(1L, 3600L);
      for (int i = 0; i < 3; i++) {
        assertThat(logInFrom(anybody, "203.0.113.2", "/login", right).statusCode())
            .as("a success gives its permit back")
            .isEqualTo(200);
      }
    } finally {
      small.stop();
    }
  }

  @Test
  void anHonestLoginIsAnsweredBesideFiftyWrongOnes() {
    TodoApp app = new TodoApp(
        stores.settings("LOGIN_RATE_LIMIT", "4/2h", "TRUSTED_PROXIES", "127.0.0.1"), Role.SERVE);
    app.start();
    ExecutorService crowd = Executors.newFixedThreadPool(50);
    try {
      TodoClient anybody = TodoClient.anonymous(app.port());
      String right = "{\"username\":\"honest\",\"password\":\"long enough\"}";
      String wrong = right.replace("long enough", "a wrong one");
      assertThat(logInFrom(anybody, "203.0.113.8", "/register", right).statusCode())
          .isEqualTo(201);
      List<CompletableFuture<Integer>> guesses = new ArrayList<>();
      for (int i = 0; i < 50; i++) {
        guesses.add(CompletableFuture.supplyAsync(
            () -> logInFrom(anybody, "203.0.113.7", "/login", wrong).statusCode(), crowd));
      }

      assertThat(logInInTurn(anybody, "203.0.113.8", right)).isEqualTo(200);
      List<Integer> answers = guesses.stream().map(CompletableFuture::join).toList();
      assertThat(answers).filteredOn(status -> status == 401).hasSizeLessThanOrEqualTo(4);
      assertThat(answers).filteredOn(status -> status == 429).hasSizeGreaterThanOrEqualTo(8);
      assertThat(logInInTurn(anybody, "203.0.113.8", right)).isEqualTo(200);
    } finally {
      crowd.shutdownNow();
      app.stop();
    }
  }

  /** Logs in again while it is answered 503: a busy machine may not hash within the time that a login waits. */
  private static int logInInTurn(TodoClient client, String address, String credentials) {
    AtomicInteger status = new AtomicInteger();
    Await.until("it has its turn", () -> {
      status.set(logInFrom(client, address, "/login", credentials).statusCode());
      return status.get() != 503;
    });
    return status.get();
  }

  private static HttpResponse<String> logInFrom(
      TodoClient client, String address, String path, String credentials) {
    return client.post(path, credentials, "X-Forwarded-For", address);
  }

  @Test
  void withoutATokenTheAddressFromTrustedProxiesIsLimited() {
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
}
