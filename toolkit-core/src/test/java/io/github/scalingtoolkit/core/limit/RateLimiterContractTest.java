package io.github.scalingtoolkit.core.limit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.testing.RedisServer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What every kind of limiter does alike. */
class RateLimiterContractTest {
  private static final Duration PATIENT = Duration.ofSeconds(20);

  private static RedisServer server;
  private static RedisAccess redis;

  private final List<AutoCloseable> opened = new ArrayList<>();

  enum Kind {
    LOCAL,
    EXACT,
    SETTLED
  }

  @BeforeAll
  static void start() {
    server = RedisServer.start();
    redis = RedisAccess.builder(server.url()).deadline(PATIENT).build();
  }

  @AfterAll
  static void stop() {
    redis.close();
    server.close();
  }

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable limiter : opened) {
      limiter.close();
    }
    redis.call(client -> client.flushAll());
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void aLookTakesNothingAndTellsWhatACallWouldBeTold(Kind kind) {
    RateLimiter limiter = limiter(kind, "2/1h");

    assertThat(limiter.peek("ada").remaining()).isEqualTo(2);
    assertThat(limiter.peek("ada").allowed()).isTrue();
    limiter.tryAcquire("ada");
    assertThat(limiter.peek("ada").remaining()).isEqualTo(1);
    limiter.tryAcquire("ada");

    Decision look = limiter.peek("ada");
    assertThat(look.allowed()).isFalse();
    assertThat(look.remaining()).isZero();
    assertThat(look.retryAfter()).isBetween(Duration.ofMinutes(29), Duration.ofMinutes(30));
    assertThat(limiter.peek("bob").remaining()).isEqualTo(2);
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void whatIsGivenBackCanBeTakenAgainAndIsNeverMoreThanTheBurst(Kind kind) {
    RateLimiter limiter = limiter(kind, "5/1h");
    assertThat(admitted(limiter, "ada", 9)).isEqualTo(5);

    limiter.giveBack("ada", 2);
    assertThat(admitted(limiter, "ada", 9)).isEqualTo(2);

    limiter.giveBack("ada", 5);
    limiter.giveBack("ada", 5);
    limiter.giveBack("bob", 5);
    assertThat(limiter.peek("ada").remaining()).isEqualTo(5);
    assertThat(admitted(limiter, "ada", 9)).isEqualTo(5);
    assertThat(admitted(limiter, "bob", 9)).isEqualTo(5);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> limiter.giveBack("ada", 6))
        .withMessageContaining("permits must be 1 to 5");
    assertThatIllegalArgumentException().isThrownBy(() -> limiter.giveBack("ada", 0));
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void aKeyThatIsResetHasAllItsPermitsAtOnce(Kind kind) {
    RateLimiter limiter = limiter(kind, "5/1h");
    assertThat(admitted(limiter, "ada", 9)).isEqualTo(5);
    assertThat(admitted(limiter, "bob", 9)).isEqualTo(5);

    limiter.reset("ada");

    assertThat(admitted(limiter, "ada", 9)).isEqualTo(5);
    assertThat(limiter.tryAcquire("bob").allowed()).isFalse();
    limiter.reset("nobody");
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void aWaiterIsServedWhenPermitsComeBack(Kind kind) throws InterruptedException {
    RateLimiter limiter = limiter(kind, "10/100ms");
    limiter.tryAcquire("ada", 10);

    int served = 0;
    for (int i = 0; i < 20; i++) {
      served += limiter.await("ada", PATIENT).allowed() ? 1 : 0;
    }

    assertThat(served).isEqualTo(20);
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void aFutileWaitIsRefusedAtOnceAndTakesNothing(Kind kind) throws InterruptedException {
    RateLimiter limiter = limiter(kind, "2/1d");
    limiter.tryAcquire("ada", 2);

    Decision denied = limiter.await("ada", 2, Duration.ofHours(1));

    assertThat(denied.allowed()).isFalse();
    assertThat(denied.retryAfter()).isGreaterThan(Duration.ofHours(23));
    limiter.giveBack("ada", 2);
    assertThat(limiter.await("ada", 2, Duration.ZERO).allowed()).isTrue();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> limiter.await("ada", Duration.ofSeconds(-1)))
        .withMessageContaining("PT-1S");
    assertThatIllegalArgumentException().isThrownBy(() -> limiter.await("ada", 3, PATIENT));
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void anInterruptedWaiterTakesNothingAndTheNextIsServed(Kind kind) throws Exception {
    RateLimiter limiter = limiter(kind, "1/15s");
    limiter.tryAcquire("ada");
    CompletableFuture<Object> first = new CompletableFuture<>();
    Thread waiter = new Thread(() -> {
      try {
        first.complete(limiter.await("ada", PATIENT));
      } catch (InterruptedException expected) {
        first.complete(expected);
      }
    });
    waiter.start();
    io.github.scalingtoolkit.testing.Await.until(
        "it waits", () -> waiter.getState() == Thread.State.TIMED_WAITING);

    waiter.interrupt();

    assertThat(first.get(30, TimeUnit.SECONDS)).isInstanceOf(InterruptedException.class);
    limiter.reset("ada");
    assertThat(limiter.await("ada", PATIENT).allowed()).isTrue();
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void anotherPlanTakesOverWhatAKeyHasUsed(Kind kind) {
    AtomicReference<String> adasPlan = new AtomicReference<>("free");
    RateLimit free = RateLimit.parse("free", "4/1h");
    RateLimit pro = RateLimit.parse("pro", "40/1h");
    RateLimit quick = RateLimit.parse("quick", "40/1m");
    RateLimiter limiter = limiter(
        kind,
        key -> !key.startsWith("ada") || adasPlan.get().equals("free")
            ? free
            : adasPlan.get().equals("pro") ? pro : quick);

    assertThat(admitted(limiter, "ada", 2)).isEqualTo(2);
    assertThat(limiter.peek("ada").policyHeader()).isEqualTo("\"free\";q=4;w=3600");
    adasPlan.set("pro");

    // Half of four used is half of forty.
    assertThat(admitted(limiter, "ada", 50)).isEqualTo(20);
    Decision denied = limiter.tryAcquire("ada");
    assertThat(denied.limit()).isEqualTo(pro);
    assertThat(denied.policyHeader()).isEqualTo("\"pro\";q=40;w=3600");
    assertThat(admitted(limiter, "bob", 9)).isEqualTo(4);

    // An hour ahead is more than all of a minute: it waits for a permit of that.
    adasPlan.set("quick");
    assertThat(limiter.tryAcquire("ada").retryAfter()).isLessThan(Duration.ofSeconds(3));
    assertThatIllegalArgumentException().isThrownBy(() -> limiter.tryAcquire("bob", 5));
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void noTwoKeysShareTheirPermitsHoweverLongOrOdd(Kind kind) {
    RateLimiter limiter = limiter(kind, "1/1h");
    String stem = "x".repeat(5_000);
    String hashed = LimitKeys.bounded(stem);
    assertThat(hashed).hasSize(44).startsWith("#");
    List<String> keys = List.of(
        "",
        "}",
        "{}",
        "a}b{c",
        "#",
        "?",
        "\uD800",
        "\uDFFF",
        "a\uD800",
        "a?",
        "ключ",
        "\n",
        stem,
        stem + "y",
        hashed,
        LimitKeys.bounded(hashed),
        "x".repeat(100),
        "x".repeat(101));

    assertThat(keys).allMatch(key -> limiter.tryAcquire(key).allowed());
    assertThat(keys).noneMatch(key -> limiter.tryAcquire(key).allowed());
  }

  private static int admitted(RateLimiter limiter, String key, int calls) {
    int admitted = 0;
    for (int i = 0; i < calls; i++) {
      admitted += limiter.tryAcquire(key).allowed() ? 1 : 0;
    }
    return admitted;
  }

  private RateLimiter limiter(Kind kind, String limit) {
    RateLimit same = RateLimit.parse("api", limit);
    return switch (kind) {
      case LOCAL -> LocalRateLimiter.of(same, Clock.system());
      case EXACT ->
        closed(RedisRateLimiter.builder(redis, "api")
            .policy(same, FailureMode.closed())
            .budget(PATIENT)
            .build());
      case SETTLED -> closed(SettledRateLimiter.start(redis, "api", same));
    };
  }

  private RateLimiter limiter(Kind kind, Function<String, RateLimit> limitOf) {
    return switch (kind) {
      case LOCAL -> LocalRateLimiter.of(limitOf, Clock.system());
      case EXACT ->
        closed(RedisRateLimiter.builder(redis, "api")
            .policy("plan", limitOf, FailureMode.closed())
            .budget(PATIENT)
            .build());
      case SETTLED ->
        closed(SettledRateLimiter.builder(redis, "api").policy("plan", limitOf).start());
    };
  }

  private <T extends RateLimiter & AutoCloseable> T closed(T limiter) {
    opened.add(limiter);
    return limiter;
  }
}
