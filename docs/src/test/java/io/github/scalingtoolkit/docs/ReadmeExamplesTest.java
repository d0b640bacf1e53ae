package io.github.scalingtoolkit.docs;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.type.TypeReference;
import io.github.scalingtoolkit.auth.JwtVerifier;
import io.github.scalingtoolkit.auth.KeySource;
import io.github.scalingtoolkit.auth.SigningKey;
import io.github.scalingtoolkit.auth.TokenIssuer;
import io.github.scalingtoolkit.auth.Verification;
import io.github.scalingtoolkit.auth.Verification.Verified;
import io.github.scalingtoolkit.cache.CacheAside;
import io.github.scalingtoolkit.cache.Codec;
import io.github.scalingtoolkit.core.guard.Guard;
import io.github.scalingtoolkit.core.guard.GuardState;
import io.github.scalingtoolkit.core.guard.RejectedException;
import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.queue.EnqueueOptions;
import io.github.scalingtoolkit.queue.JobId;
import io.github.scalingtoolkit.queue.JobOutcome;
import io.github.scalingtoolkit.queue.JobQueue;
import io.github.scalingtoolkit.queue.JobType;
import io.github.scalingtoolkit.queue.Worker;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.RedisServer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The README's examples, run; {@link SnippetsTest} holds the README to them. */
class ReadmeExamplesTest {
  record Todo(String title) {}

  record Email(String to) {}

  static final class Repository {
    private final Map<String, List<Todo>> todos = new ConcurrentHashMap<>();

    List<Todo> findByUser(String user) {
      return todos.getOrDefault(user, List.of());
    }

    void save(String user, Todo todo) {
      todos.computeIfAbsent(user, name -> new CopyOnWriteArrayList<>()).add(todo);
    }
  }

  private static RedisServer server;

  @BeforeAll
  static void start() {
    server = RedisServer.start();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @Test
  void cache() {
    Repository repository = new Repository();
    String user = "ada";
    try (RedisAccess redis = RedisAccess.open(server.url())) {
      // tag::cache[]
      CacheAside<String, List<Todo>> todos = CacheAside.builder(
              redis, "todos", Codec.json(new TypeReference<List<Todo>>() {}))
          .timeToLive(Duration.ofSeconds(30))
          .local(10_000, Duration.ofSeconds(30))
          .build();

      List<Todo> list = todos.get(user, repository::findByUser);
      todos.write(user, () -> repository.save(user, new Todo("buy milk")));
      List<Todo> fresh = todos.get(user, repository::findByUser);
      // end::cache[]

      assertThat(list).isEmpty();
      assertThat(fresh).containsExactly(new Todo("buy milk"));
      todos.close();
    }
  }

  @Test
  void queue() {
    List<String> sent = new CopyOnWriteArrayList<>();
    try (RedisAccess redis = RedisAccess.open(server.url())) {
      // tag::queue[]
      JobType<Email> sendEmail = JobType.of("sendEmail", Email.class);
      JobQueue mail = JobQueue.builder(redis, "mail").build();

      Worker worker = Worker.builder(mail)
          .handle(sendEmail, job -> {
            sent.add(job.payload().to());
            return JobOutcome.done();
          })
          .concurrency(16)
          .start();
      mail.enqueue(
          sendEmail,
          new Email("ada@example.org"),
          EnqueueOptions.defaults().id(new JobId("welcome-ada")));
      // end::queue[]

      Await.until("it is sent", () -> sent.contains("ada@example.org"));
      worker.close(Duration.ofSeconds(5));
    }
  }

  @Test
  void auth() {
    String secret = "a secret of at least thirty-two bytes, from a file";
    // tag::auth[]
    KeySource keys = KeySource.of(SigningKey.hs256(secret));
    TokenIssuer issuer =
        TokenIssuer.builder().issuer("todo-api").audience("todo-api").keys(keys).build();
    JwtVerifier verifier = JwtVerifier.builder()
        .issuer("todo-api")
        .audience("todo-api")
        .keys(keys)
        .cache(10_000, Duration.ofSeconds(60))
        .build();

    String token = issuer.issue("user123").value();
    Verification verification = verifier.verify(token);
    String user = verification instanceof Verified good ? good.principal().subject() : "nobody";
    // end::auth[]

    assertThat(user).isEqualTo("user123");
    assertThat(verifier.verify(token + "x")).isInstanceOf(Verification.Rejected.class);
  }

  @Test
  void guard() {
    // tag::core[]
    Guard store = Guard.builder("store").countWindow(10).minimumCalls(5).build();
    String answer;
    try {
      answer = store.call(() -> ask());
    } catch (RejectedException refused) {
      answer = "try again in " + refused.retryAfter();
    }
    // end::core[]

    assertThat(answer).isEqualTo("42");
    assertThat(store.state()).isEqualTo(GuardState.CLOSED);
  }

  private static String ask() {
    return "42";
  }
}
