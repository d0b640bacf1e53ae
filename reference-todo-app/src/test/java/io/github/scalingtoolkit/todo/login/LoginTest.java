package io.github.scalingtoolkit.todo.login;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.github.scalingtoolkit.core.limit.Decision;
import io.github.scalingtoolkit.core.limit.FairTurns;
import io.github.scalingtoolkit.core.limit.LocalRateLimiter;
import io.github.scalingtoolkit.core.limit.RateLimit;
import io.github.scalingtoolkit.core.limit.RateLimiter;
import io.github.scalingtoolkit.core.settings.Secret;
import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.core.time.Deadline;
import io.github.scalingtoolkit.core.time.ManualClock;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.todo.domain.StoreException;
import io.github.scalingtoolkit.todo.domain.StoreUnavailableException;
import io.github.scalingtoolkit.todo.domain.UserId;
import io.github.scalingtoolkit.todo.login.Login.Outcome;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class LoginTest {
  private static final String HERE = "7f000001";
  private static final String ELSEWHERE = "7f000002";
  private static final Credentials ADA = new Credentials("ada", Secret.of("her password"));
  private static final RateLimit FOUR_AN_HOUR = new RateLimit("login", 4, Duration.ofHours(1));

  private final ManualClock clock = ManualClock.startingAt(Instant.parse("2026-01-01T00:00:00Z"));
  private final PasswordHasher hasher = new PasswordHasher(1);
  private final InMemoryUserStore store = new InMemoryUserStore();
  private final RateLimiter limiter =
      LocalRateLimiter.of(key -> LoginLimits.limitOf(key, FOUR_AN_HOUR), clock);
  private final Login login = new Login(store, hasher, new LoginLimits(limiter), 256);

  LoginTest() {
    new Users(store, hasher).add(ADA);
  }

  @Test
  void guessesAtOneAccountFromOneAddressEndAndOthersAreAnsweredOn() {
    for (int i = 0; i < 4; i++) {
      assertThat(login.check(HERE, wrong("ada"))).isInstanceOf(Outcome.Refused.class);
    }

    assertThat(login.check(HERE, ADA))
        .isInstanceOfSatisfying(
            Outcome.TooOften.class,
            often -> assertThat(often.retryAfter())
                .isBetween(Duration.ofMinutes(1), Duration.ofHours(1)));
    assertThat(login.check(ELSEWHERE, ADA)).isInstanceOf(Outcome.Welcome.class);
    assertThat(login.check(HERE, wrong("bob"))).isInstanceOf(Outcome.Refused.class);
    clock.advance(Duration.ofHours(1));
    assertThat(login.check(HERE, ADA)).isInstanceOf(Outcome.Welcome.class);
  }

  @Test
  void anAddressThatGuessesAtManyAccountsIsLimitedTenTimesAsLate() {
    for (int i = 0; i < 40; i++) {
      assertThat(login.check(HERE, wrong("user" + i))).isInstanceOf(Outcome.Refused.class);
    }

    assertThat(login.check(HERE, wrong("user40"))).isInstanceOf(Outcome.TooOften.class);
    assertThat(login.check(HERE, ADA)).isInstanceOf(Outcome.TooOften.class);
    assertThat(login.check(ELSEWHERE, ADA)).isInstanceOf(Outcome.Welcome.class);
  }

  @Test
  void whatSucceedsOrIsDeniedToAnAccountCountsForNoAddress() {
    for (int i = 0; i < 100; i++) {
      assertThat(login.check(HERE, ADA)).isInstanceOf(Outcome.Welcome.class);
    }
    for (int i = 0; i < 100; i++) {
      login.check(HERE, wrong("bob"));
    }

    assertThat(login.check(HERE, ADA)).isInstanceOf(Outcome.Welcome.class);
  }

  @Test
  void anAddressRegistersTenTimesAnHour() {
    for (int i = 0; i < 10; i++) {
      assertThat(login.register(HERE, new Credentials("user" + i, Secret.of("long enough"))))
          .isInstanceOf(Outcome.Welcome.class);
    }

    Credentials next = new Credentials("next", Secret.of("long enough"));
    assertThat(login.register(HERE, next)).isInstanceOf(Outcome.TooOften.class);
    assertThat(login.register(ELSEWHERE, ADA)).isInstanceOf(Outcome.Taken.class);
    assertThat(login.register(ELSEWHERE, next)).isInstanceOf(Outcome.Welcome.class);
    assertThat(login.check(HERE, next)).isInstanceOf(Outcome.Welcome.class);
  }

  @Test
  void aRegistrationThatTheStoreDoesNotAnswerDoesNotCount() {
    Credentials bob = new Credentials("bob", Secret.of("long enough"));
    store.unavailable = true;
    for (int i = 0; i < 11; i++) {
      assertThatExceptionOfType(StoreUnavailableException.class)
          .isThrownBy(() -> login.register(HERE, bob));
    }

    store.unavailable = false;

    assertThat(login.register(HERE, bob)).isInstanceOf(Outcome.Welcome.class);
  }

  @Test
  void aStoreThatRefusesUsersIsOneWarningAndDoesNotCount() {
    Credentials bob = new Credentials("bob", Secret.of("long enough"));
    Logger logger = (Logger) LoggerFactory.getLogger(Login.class);
    ListAppender<ILoggingEvent> log = new ListAppender<>();
    log.start();
    logger.addAppender(log);
    logger.setLevel(Level.INFO);
    try {
      store.refusal = "the index foreign_1 is not sparse";
      for (int i = 0; i < 11; i++) {
        assertThatExceptionOfType(StoreException.class).isThrownBy(() -> login.register(HERE, bob));
      }
      assertThat(log.list)
          .singleElement()
          .asString()
          .contains("[WARN]", "the index foreign_1 is not sparse");

      store.refusal = null;

      assertThat(login.register(HERE, bob)).isInstanceOf(Outcome.Welcome.class);
      assertThat(log.list).as("the end is told as well").hasSize(2);
    } finally {
      logger.setLevel(null);
      logger.detachAppender(log);
    }
  }

  @Test
  void aRegistrationThatGetsNoTurnToHashDoesNotCount() throws InterruptedException {
    Credentials bob = new Credentials("bob", Secret.of("long enough"));
    LoginLimits limits = new LoginLimits(limiter);
    FairTurns oneWaits = FairTurns.of(1, 1, 1);
    Login tooLate = new Login(store, hasher, limits, oneWaits, Duration.ZERO);
    try (FairTurns.Turn held = oneWaits.take(ELSEWHERE, Duration.ZERO)) {
      for (int i = 0; i < 11; i++) {
        assertThat(tooLate.register(HERE, bob)).isInstanceOf(Outcome.Busy.class);
      }
    }
    Login patient = new Login(store, hasher, limits, oneWaits, Duration.ofMinutes(2));
    CompletableFuture<Outcome> waiting;
    try (FairTurns.Turn held = oneWaits.take(ELSEWHERE, Duration.ZERO)) {
      waiting =
          started(() -> patient.register(HERE, new Credentials("cy", Secret.of("long enough"))));
      Await.until("one waits", () -> oneWaits.waiting(HERE) == 1);
      for (int i = 0; i < 11; i++) {
        assertThat(patient.register(HERE, bob))
            .isEqualTo(new Outcome.TooOften(Duration.ofSeconds(1)));
      }
    }

    assertThat(waiting.join()).isInstanceOf(Outcome.Welcome.class);
    assertThat(patient.register(HERE, bob)).isInstanceOf(Outcome.Welcome.class);
  }

  @Test
  void whoGetsNoTurnIsToldWhileThereIsTimeToAnswer() throws InterruptedException {
    FairTurns turns = FairTurns.of(1, 1, 1);
    Login login = new Login(store, hasher, new LoginLimits(limiter), turns, Duration.ofMinutes(2));
    Deadline deadline = Deadline.after(Duration.ofSeconds(1), Clock.system());
    try (FairTurns.Turn held = turns.take(ELSEWHERE, Duration.ZERO)) {
      Outcome late = deadline.<Outcome, RuntimeException>call(
          () -> login.register(HERE, new Credentials("bob", Secret.of("long enough"))));

      assertThat(late).isInstanceOf(Outcome.Busy.class);
      assertThat(deadline.isExpired()).as("600 ms were for the hash").isFalse();
    }
  }

  @Test
  void anHonestLoginIsBehindOneHashAtMostOfFiftyWrongOnes() {
    HeldLimiter held = new HeldLimiter(
        LocalRateLimiter.of(new RateLimit("login", 1000, Duration.ofHours(1)), clock));
    FairTurns turns = FairTurns.of(1, 2, 32);
    Login crowded = new Login(store, hasher, new LoginLimits(held), turns, Duration.ofMinutes(2));
    List<CompletableFuture<Outcome>> wrong = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      Credentials guess = wrong("user" + i);
      wrong.add(started(() -> crowded.check(HERE, guess)));
    }
    Await.until(
        "one hashes, 32 wait, the rest are refused",
        () -> turns.waiting(HERE) == 32
            && wrong.stream().filter(CompletableFuture::isDone).count() == 17);
    CompletableFuture<Outcome> honest = started(() -> crowded.check(ELSEWHERE, ADA));
    Await.until("the honest one waits", () -> turns.waiting(ELSEWHERE) == 1);

    held.release.countDown();

    assertThat(honest.join()).isInstanceOf(Outcome.Welcome.class);
    assertThat(
            wrong.stream().map(CompletableFuture::join).filter(Outcome.Refused.class::isInstance))
        .hasSize(33);
    assertThat(wrong.stream().map(CompletableFuture::join))
        .hasOnlyElementsOfTypes(Outcome.Refused.class, Outcome.TooOften.class);
    assertThat(held.hashed.indexOf("account:" + ELSEWHERE + " ada")).isOne();
  }

  @Test
  void thoseWhoWaitShareALineInWhichAnAddressWithoutOneFindsAPlace() throws Exception {
    FairTurns turns = FairTurns.of(1, 1, 32, 4);
    Login small = new Login(store, hasher, new LoginLimits(limiter), turns, Duration.ofMinutes(2));
    List<CompletableFuture<Outcome>> waiting = new ArrayList<>();
    try (FairTurns.Turn held = turns.take("held", Duration.ZERO)) {
      waiting.add(waiting(small, turns, "a"));
      waiting.add(waiting(small, turns, "a"));
      assertThat(small.check("a", ADA)).isInstanceOf(Outcome.TooOften.class);
      waiting.add(waiting(small, turns, "b"));
      assertThat(small.check("b", ADA)).isInstanceOf(Outcome.TooOften.class);
      waiting.add(waiting(small, turns, "c"));
      assertThat(small.check("d", ADA)).isInstanceOf(Outcome.Busy.class);
    }

    assertThat(waiting.stream().map(CompletableFuture::join))
        .hasOnlyElementsOfType(Outcome.Welcome.class);
    assertThat(small.check("d", ADA)).isInstanceOf(Outcome.Welcome.class);
  }

  @Test
  void aRequestWithTooLittleTimeForAHashIsBusyAndHashesNothing() {
    Credentials bob = new Credentials("bob", Secret.of("long enough"));

    Outcome late = Deadline.after(Duration.ofMillis(599), clock)
        .<Outcome, RuntimeException>call(() -> login.register(HERE, bob));
    Outcome lateLogin = Deadline.after(Duration.ofMillis(599), clock)
        .<Outcome, RuntimeException>call(() -> login.check(HERE, ADA));
    Outcome inTime = Deadline.after(Duration.ofMillis(600), clock)
        .<Outcome, RuntimeException>call(() -> login.register(HERE, bob));

    assertThat(late).isInstanceOf(Outcome.Busy.class);
    assertThat(lateLogin).isInstanceOf(Outcome.Busy.class);
    assertThat(inTime).isInstanceOf(Outcome.Welcome.class);
  }

  private static CompletableFuture<Outcome> waiting(Login login, FairTurns turns, String address) {
    int before = turns.waiting(address);
    CompletableFuture<Outcome> outcome = started(() -> login.check(address, ADA));
    Await.until("one more of " + address + " waits", () -> turns.waiting(address) == before + 1);
    return outcome;
  }

  private static Credentials wrong(String username) {
    return new Credentials(username, Secret.of("a guess"));
  }

  private static CompletableFuture<Outcome> started(Supplier<Outcome> check) {
    CompletableFuture<Outcome> outcome = new CompletableFuture<>();
    Thread thread = new Thread(() -> {
      try {
        outcome.complete(check.get());
      } catch (Throwable failure) {
        outcome.completeExceptionally(failure);
      }
    });
    thread.setDaemon(true);
    thread.start();
    return outcome;
  }

  /** Notes the accounts whose hash is next, and holds the first of them. */
  private static final class HeldLimiter implements RateLimiter {
    private final RateLimiter limiter;
    private final CountDownLatch release = new CountDownLatch(1);
    private final List<String> hashed = Collections.synchronizedList(new ArrayList<>());

    HeldLimiter(RateLimiter limiter) {
      this.limiter = limiter;
    }

    @Override
    public Decision tryAcquire(String key, int cost) {
      if (key.startsWith("account:")) {
        hashed.add(key);
        try {
          release.await();
        } catch (InterruptedException e) {
          throw new AssertionError(e);
        }
      }
      return limiter.tryAcquire(key, cost);
    }

    @Override
    public Decision await(String key, int cost, Duration wait) throws InterruptedException {
      return limiter.await(key, cost, wait);
    }

    @Override
    public Decision peek(String key) {
      return limiter.peek(key);
    }

    @Override
    public void giveBack(String key, int permits) {
      limiter.giveBack(key, permits);
    }

    @Override
    public void reset(String key) {
      limiter.reset(key);
    }
  }

  /** Users in memory. */
  static final class InMemoryUserStore implements UserStore {
    private final Map<String, User> byName = new ConcurrentHashMap<>();
    private final Set<String> namesOfOthers = ConcurrentHashMap.newKeySet();
    private boolean unavailable;

    @Nullable
    String refusal;

    @Nullable
    Runnable beforeAdd;

    /** Keeps a document that is no user and has this name. */
    void othersHave(String username) {
      namesOfOthers.add(username);
    }

    @Override
    public Optional<User> findByUsername(String username) {
      if (unavailable) {
        throw new StoreUnavailableException(
            StoreUnavailableException.Reason.KNOWN_DOWN, "down", Duration.ofSeconds(1), null);
      }
      return Optional.ofNullable(byName.get(username));
    }

    @Override
    public Optional<User> findById(UserId id) {
      return byName.values().stream().filter(user -> user.id().equals(id)).findFirst();
    }

    @Override
    public boolean isEmpty() {
      return byName.isEmpty();
    }

    @Override
    public boolean addIfAbsent(User user) {
      if (refusal != null) {
        throw new StoreException(refusal, null);
      }
      Runnable before = beforeAdd;
      beforeAdd = null;
      if (before != null) {
        before.run();
      }
      return !namesOfOthers.contains(user.username())
          && byName.putIfAbsent(user.username(), user) == null;
    }
  }
}
