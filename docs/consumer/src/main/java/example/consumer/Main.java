package example.consumer;

import io.github.scalingtoolkit.auth.BearerToken;
import io.github.scalingtoolkit.auth.IssuedToken;
import io.github.scalingtoolkit.auth.JwtVerifier;
import io.github.scalingtoolkit.auth.KeySource;
import io.github.scalingtoolkit.auth.SigningKey;
import io.github.scalingtoolkit.auth.Subject;
import io.github.scalingtoolkit.auth.TokenIssuer;
import io.github.scalingtoolkit.auth.Verification;
import io.github.scalingtoolkit.cache.CacheAside;
import io.github.scalingtoolkit.cache.Codec;
import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.queue.Enqueued;
import io.github.scalingtoolkit.queue.JobOutcome;
import io.github.scalingtoolkit.queue.JobQueue;
import io.github.scalingtoolkit.queue.JobState;
import io.github.scalingtoolkit.queue.JobType;
import io.github.scalingtoolkit.queue.Worker;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** One cache, one queue and one auth script against the Redis that the argument names. */
public final class Main {
  /** A cached value. */
  public record Todo(String id, String title) {}

  /** A job's payload. */
  public record Email(String to) {}

  private Main() {}

  public static void main(String[] args) throws InterruptedException {
    check(args.length == 1, "usage: Main <redis-url>");
    String run = UUID.randomUUID().toString();
    try (RedisAccess redis = RedisAccess.builder(args[0]).deadline(Duration.ofSeconds(2)).build()) {
      cache(redis, run);
      queue(redis, run);
    }
    auth();
  }

  private static void cache(RedisAccess redis, String run) {
    Map<String, Todo> database = new ConcurrentHashMap<>();
    database.put(run, new Todo(run, "old"));
    try (CacheAside<String, Todo> todos =
        CacheAside.builder(redis, "consumer-todos", Codec.json(Todo.class))
            .timeToLive(Duration.ofMinutes(1))
            .build()) {
      check(todos.get(run, database::get).title().equals("old"), "the value is loaded");

      todos.write(run, () -> {
        database.put(run, new Todo(run, "new"));
      });

      check(todos.get(run, database::get).title().equals("new"), "a completed write is seen");
    }
  }

  private static void queue(RedisAccess redis, String run) throws InterruptedException {
    JobType<Email> sendEmail = JobType.of("sendEmail", Email.class);
    JobQueue mail = JobQueue.builder(redis, "consumer-" + run).build();
    CountDownLatch sent = new CountDownLatch(1);
    Enqueued enqueued;
    try (Worker worker =
        Worker.builder(mail)
            .handle(
                sendEmail,
                job -> {
                  check(job.payload().to().equals("ada@example.org"), "the payload arrives whole");
                  sent.countDown();
                  return JobOutcome.done();
                })
            .start()) {
      enqueued = mail.enqueue(sendEmail, new Email("ada@example.org"));
      check(sent.await(30, TimeUnit.SECONDS), "the job runs");
      worker.close(Duration.ofSeconds(10));
    }
    JobState state = mail.find(enqueued.id()).orElseThrow().state();
    check(state == JobState.COMPLETED, "the job is completed but was " + state);
  }

  private static void auth() {
    KeySource keys = KeySource.of(SigningKey.hs256("0123456789abcdef0123456789abcdef"));
    TokenIssuer issuer =
        TokenIssuer.builder()
            .issuer("https://todo.example")
            .audience("todo-api")
            .keys(keys)
            .timeToLive(Duration.ofMinutes(15))
            .build();
    JwtVerifier verifier =
        JwtVerifier.builder().issuer("https://todo.example").audience("todo-api").keys(keys).build();

    IssuedToken token = issuer.issue(Subject.of("user123"));

    check(
        BearerToken.from("Bearer " + token.value()) instanceof BearerToken.Present bearer
            && verifier.verify(bearer.token()) instanceof Verification.Verified verified
            && verified.principal().subject().equals("user123"),
        "an issued token is verified");
    check(
        verifier.verify(token.value() + "A") instanceof Verification.Rejected,
        "a changed token is refused");
  }

  private static void check(boolean holds, String what) {
    if (!holds) {
      throw new IllegalStateException("consumer: expected that " + what);
    }
  }
}
