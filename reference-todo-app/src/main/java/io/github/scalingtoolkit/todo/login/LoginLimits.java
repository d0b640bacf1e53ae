package io.github.scalingtoolkit.todo.login;

import io.github.scalingtoolkit.core.limit.Decision;
import io.github.scalingtoolkit.core.limit.RateLimit;
import io.github.scalingtoolkit.core.limit.RateLimiter;
import java.time.Duration;

/**
 * How often an address may fail to log in to one account and to all of them, and how often it may register. All are counted
 * in one limiter, whose limit depends on the key: {@link #limitOf}.
 *
 * <p>Safe for use by several threads; never blocks if the limiter does not.
 */
public final class LoginLimits {
  /** The addresses' limit is this many times that of an account. */
  public static final int ADDRESS_FACTOR = 10;

  private static final RateLimit REGISTRATIONS = new RateLimit("register", 10, Duration.ofHours(1));
  private static final String ACCOUNT = "account:";
  private static final String ADDRESS = "address:";
  private static final String REGISTER = "register:";

  private final RateLimiter limiter;

  /** Counts in {@code limiter}, whose limits are those of {@link #limitOf}. */
  public LoginLimits(RateLimiter limiter) {
    this.limiter = limiter;
  }

  /** Returns the limit of a key where one account from one address may fail as often as {@code account} says. */
  public static RateLimit limitOf(String key, RateLimit account) {
    return key.startsWith(REGISTER)
        ? REGISTRATIONS
        : key.startsWith(ADDRESS)
            ? new RateLimit(account.name(), account.permits() * ADDRESS_FACTOR, account.period())
            : account;
  }

  /** Decides about a login before it is tried, and takes nothing. */
  Decision peek(String address, String username) {
    Decision account = limiter.peek(account(address, username));
    return account.allowed() ? limiter.peek(ADDRESS + address) : account;
  }

  /** Counts a login that is about to be tried as failed, unless it is denied. */
  Decision take(String address, String username) {
    String key = account(address, username);
    Decision account = limiter.tryAcquire(key);
    if (!account.allowed()) {
      // What one account is denied does not count for the others of its address.
      return account;
    }
    Decision all = limiter.tryAcquire(ADDRESS + address);
    if (!all.allowed()) {
      limiter.giveBack(key, 1);
    }
    return all;
  }

  /** The login that was counted as failed has succeeded, or was not tried. */
  void giveBack(String address, String username) {
    limiter.giveBack(account(address, username), 1);
    limiter.giveBack(ADDRESS + address, 1);
  }

  /** Counts a registration. */
  Decision takeRegistration(String address) {
    return limiter.tryAcquire(REGISTER + address);
  }

  /** The registration that was counted has made no user, and not because of its client. */
  void giveBackRegistration(String address) {
    limiter.giveBack(REGISTER + address, 1);
  }

  private static String account(String address, String username) {
    return ACCOUNT + address + " " + username;
  }
}
