package io.github.scalingtoolkit.todo.login;

import io.github.scalingtoolkit.core.settings.Secret;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Checks a username and a password.
 *
 * <p>Unknown user and wrong password cost the same and cannot be told apart. Hashing is slow on purpose, so
 * only as many logins as half the cores hash at a time; others wait for {@link #LONGEST_WAIT} and are then refused,
 * so that a flood of logins does not slow down users who are logged in.
 *
 * <p>Safe for use by several threads. {@link #check} blocks.
 */
public final class Login {
  /** How long a login waits for its turn. */
  public static final Duration LONGEST_WAIT = Duration.ofSeconds(2);

  private final UserStore users;
  private final PasswordHasher hasher;
  private final Semaphore turns;

  /** Checks against {@code users}. */
  public Login(UserStore users, PasswordHasher hasher) {
    this.users = users;
    this.hasher = hasher;
    turns = new Semaphore(Math.max(1, Runtime.getRuntime().availableProcessors() / 2), true);
  }

  /** The result of a login. */
  public sealed interface Outcome {
    /** Username and password match. */
    record Welcome(User user) implements Outcome {}

    /** They do not match, for any reason. */
    record Refused() implements Outcome {}

    /** Too many logins at once. */
    record Busy() implements Outcome {}
  }

  /**
   * Checks the credentials.
   *
   * @throws io.github.scalingtoolkit.todo.domain.StoreUnavailableException if the store does not answer
   */
  public Outcome check(String username, Secret password) {
    Optional<User> user = users.findByUsername(username);
    if (!takeTurn()) {
      return new Outcome.Busy();
    }
    try {
      boolean fits = user.isPresent()
          ? hasher.fits(password, user.get().passwordHash())
          : hasher.fitsNobody(password);
      return fits && user.isPresent() ? new Outcome.Welcome(user.get()) : new Outcome.Refused();
    } finally {
      turns.release();
    }
  }

  private boolean takeTurn() {
    try {
      return turns.tryAcquire(LONGEST_WAIT.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
