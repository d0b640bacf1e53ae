package io.github.scalingtoolkit.todo.login;

import io.github.scalingtoolkit.core.limit.Decision;
import io.github.scalingtoolkit.core.limit.FairTurns;
import io.github.scalingtoolkit.core.settings.Secret;
import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.core.time.Deadline;
import io.github.scalingtoolkit.todo.domain.StoreException;
import io.github.scalingtoolkit.todo.domain.StoreUnavailableException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Checks a username and a password, and adds users who register.
 *
 * <p>Unknown user and wrong password cost the same and cannot be told apart. Hashing is slow on purpose, so only as many
 * hashes as half the cores run at a time, two of one address at most, and addresses take turns: others wait for
 * {@link #LONGEST_WAIT} and are then refused. Before any hash the limits are asked: failures count for the account at its
 * address and for the address.
 *
 * <p>Who waits is a request in progress, so all that wait are a part of those at most, in a line that addresses share
 * ({@link FairTurns}). Nobody waits so long that too little of the request's time is left for the hash.
 *
 * <p>Safe for use by several threads. {@link #check} and {@link #register} block.
 */
public final class Login {
  /** How long a login waits for its turn. */
  public static final Duration LONGEST_WAIT = Duration.ofSeconds(2);

  /** Asks the store before and after its hash: all three end as soon as one write of others does, at the latest. */
  private static final Duration LONGEST_REGISTRATION = Duration.ofMillis(2500);

  private static final Logger log = LoggerFactory.getLogger(Login.class);
  private static final int HASHES_PER_ADDRESS = 2;
  private static final int WAITING_PER_ADDRESS = 32;
  private static final int PART_IN_LINE = 4;
  private static final Duration LINE_MOVES_ON = Duration.ofSeconds(1);
  /** What a hash, and the store after it, are left of a request's time: the hash alone takes a fifth of it if no core is idle. */
  private static final Duration TIME_TO_HASH = Duration.ofMillis(600);

  private final UserStore store;
  private final Users users;
  private final PasswordHasher hasher;
  private final LoginLimits limits;
  private final FairTurns turns;
  private final Duration longestWait;
  private final AtomicBoolean refusing = new AtomicBoolean();

  /**
   * Checks against {@code store}, within {@code limits}.
   *
   * @param maxInFlight how many requests may be in progress; a quarter of them may wait here, and two in any case
   */
  public Login(UserStore store, PasswordHasher hasher, LoginLimits limits, int maxInFlight) {
    this(
        store,
        hasher,
        limits,
        FairTurns.of(
            Math.max(1, Runtime.getRuntime().availableProcessors() / 2),
            HASHES_PER_ADDRESS,
            WAITING_PER_ADDRESS,
            Math.max(2, maxInFlight / PART_IN_LINE)),
        LONGEST_WAIT);
  }

  Login(
      UserStore store,
      PasswordHasher hasher,
      LoginLimits limits,
      FairTurns turns,
      Duration longestWait) {
    this.store = store;
    this.hasher = hasher;
    this.limits = limits;
    this.turns = turns;
    this.longestWait = longestWait;
    users = new Users(store, hasher);
  }

  /** The result of a login or a registration. */
  public sealed interface Outcome {
    /** Username and password match, or the user was added. */
    record Welcome(User user) implements Outcome {}

    /** They do not match, for any reason. */
    record Refused() implements Outcome {}

    /** The name belongs to another user. */
    record Taken() implements Outcome {}

    /** This address has tried too often, or has too many requests at once. */
    record TooOften(Duration retryAfter) implements Outcome {}

    /** All together are too many at once. */
    record Busy() implements Outcome {}
  }

  /**
   * Checks the credentials that came from {@code address}, the key of a client's limit.
   *
   * @throws io.github.scalingtoolkit.todo.domain.StoreUnavailableException if the store does not answer
   */
  public Outcome check(String address, Credentials credentials) {
    String username = credentials.username();
    Decision open = limits.peek(address, username);
    if (!open.allowed()) {
      return new Outcome.TooOften(open.retryAfter());
    }
    Optional<User> user = store.findByUsername(username);
    return inTurn(address, () -> {
      Decision taken = limits.take(address, username);
      if (!taken.allowed()) {
        return new Outcome.TooOften(taken.retryAfter());
      }
      if (!fits(credentials.password(), user)) {
        return new Outcome.Refused();
      }
      limits.giveBack(address, username);
      return new Outcome.Welcome(user.orElseThrow());
    });
  }

  /**
   * Adds a user who asks for it from {@code address}. The rules for new users are the caller's to check. What fails because
   * the store does not answer, or refuses it, or because too much is hashed does not count for the address.
   *
   * @throws io.github.scalingtoolkit.todo.domain.StoreUnavailableException if the store does not answer
   * @throws StoreException if it refuses users for another reason than their names; the first of these is logged
   */
  public Outcome register(String address, Credentials credentials) {
    Decision taken = limits.takeRegistration(address);
    if (!taken.allowed()) {
      return new Outcome.TooOften(taken.retryAfter());
    }
    try {
      Outcome outcome = Deadline.after(LONGEST_REGISTRATION, Clock.system())
          .<Outcome, RuntimeException>call(() -> registerCounted(address, credentials));
      if (outcome instanceof Outcome.Busy || outcome instanceof Outcome.TooOften) {
        limits.giveBackRegistration(address);
      }
      if (outcome instanceof Outcome.Welcome && refusing.compareAndSet(true, false)) {
        log.info("registrations=accepted");
      }
      return outcome;
    } catch (StoreException failure) {
      limits.giveBackRegistration(address);
      tellRefusal(failure);
      throw failure;
    }
  }

  /** A refusal lasts until somebody corrects it, so only the first is told; health checks tell of a store that is down. */
  private void tellRefusal(StoreException failure) {
    if (!(failure instanceof StoreUnavailableException) && refusing.compareAndSet(false, true)) {
      log.warn(
          "registrations=refused cause=\"{}\" action=\"correct it; until then each is answered 500\"",
          failure.getMessage());
    }
  }

  private Outcome registerCounted(String address, Credentials credentials) {
    if (users.isTaken(credentials.username())) {
      return new Outcome.Taken();
    }
    return inTurn(
        address,
        () -> users
            .add(credentials)
            .<Outcome>map(Outcome.Welcome::new)
            .orElseGet(Outcome.Taken::new));
  }

  private boolean fits(Secret password, Optional<User> user) {
    return user.isPresent()
        ? hasher.fits(password, user.get().passwordHash())
        : hasher.fitsNobody(password);
  }

  private interface Hashing {
    Outcome run();
  }

  private Outcome inTurn(String address, Hashing hashing) {
    Duration wait = timeToWait();
    if (wait.isNegative()) {
      return new Outcome.Busy();
    }
    try (FairTurns.Turn turn = turns.take(address, wait)) {
      return switch (turn.outcome()) {
        case TAKEN -> hashing.run();
        case LINE_FULL -> new Outcome.TooOften(LINE_MOVES_ON);
        case CROWDED, TOO_LATE -> new Outcome.Busy();
      };
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new Outcome.Busy();
    }
  }

  /** Returns how long the caller may wait for its turn; negative if it has too little time left for a hash. */
  private Duration timeToWait() {
    Deadline deadline = Deadline.current();
    Duration left = deadline == null ? longestWait : deadline.remaining().minus(TIME_TO_HASH);
    return left.compareTo(longestWait) < 0 ? left : longestWait;
  }
}
