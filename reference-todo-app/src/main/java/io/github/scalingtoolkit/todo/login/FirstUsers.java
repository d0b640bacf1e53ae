package io.github.scalingtoolkit.todo.login;

import io.github.scalingtoolkit.core.lifecycle.Loop;
import io.github.scalingtoolkit.core.settings.Secret;
import io.github.scalingtoolkit.core.time.Backoff;
import io.github.scalingtoolkit.todo.domain.StoreException;
import io.github.scalingtoolkit.todo.domain.StoreUnavailableException;
import io.github.scalingtoolkit.todo.domain.UserId;
import java.time.Duration;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The users that a service makes at its start: the configured first one if there is no user at all, and the tutorial's in
 * demo mode. A service that has no user afterwards says so in one warning, and so does one whose store refuses them.
 */
public final class FirstUsers {
  private static final Logger log = LoggerFactory.getLogger(FirstUsers.class);
  private static final Duration PAUSE = Duration.ofSeconds(1);
  /** Each try hashes a password, and a refusal lasts until somebody acts. */
  private static final Backoff REFUSED = Backoff.doubling(PAUSE, Duration.ofMinutes(5));

  private static final String DEMO_USER = "user";

  private final Users users;
  private final Optional<Credentials> first;
  private final boolean demo;
  private final boolean registration;
  /** By the store so far; changed by the caller of {@link #seed} and then by the loop alone. */
  private int refusals;

  /**
   * Makes them in {@code users}.
   *
   * @param first the user to add if there is none
   * @param demo whether the tutorial's user, {@code user} with password {@code pass}, is made
   * @param registration whether users can register themselves
   */
  public FirstUsers(Users users, Optional<Credentials> first, boolean demo, boolean registration) {
    this.users = users;
    this.first = first;
    this.demo = demo;
    this.registration = registration;
  }

  /**
   * Makes them, or goes on trying in the background until the store can be reached.
   *
   * @param storeIsThere whether to wait for the store now
   */
  public void seed(boolean storeIsThere) {
    if (!storeIsThere || !step().equals(Loop.DONE)) {
      new Loop("first-users", this::step).start();
    }
  }

  /** Tries once; returns how long the next try can wait, or {@link Loop#DONE}. */
  Duration step() {
    try {
      make();
      return Loop.DONE;
    } catch (StoreUnavailableException notYet) {
      // A closed store never comes back.
      return notYet.reason() == StoreUnavailableException.Reason.CLOSED ? Loop.DONE : PAUSE;
    } catch (StoreException refused) {
      refusals++;
      if (refusals == 1) {
        log.warn(
            "users first=refused cause=\"{}\" action=\"correct it; this process goes on trying\"",
            refused.getMessage());
      }
      return REFUSED.after(refusals);
    }
  }

  private void make() {
    if (users.isEmpty()) {
      if (first.isPresent()) {
        if (users.add(first.get()).isPresent()) {
          log.info("users first=added source=FIRST_USER");
        } else if (users.isEmpty()) {
          log.warn(
              "users=none first=taken effect=\"no login can succeed\" action=\"a document that is no user of"
                  + " this service has the name: set FIRST_USER to another name and restart\"");
        }
      } else if (!demo) {
        log.warn(
            "users=none effect=\"no login can succeed\" action=\"{}add one with the role add-user, or"
                + " set FIRST_USER and FIRST_USER_PASSWORD and restart\"",
            registration ? "register one with POST /register, " : "");
      }
    }
    if (demo) {
      users.addIfMissing(new UserId("user123"), new Credentials(DEMO_USER, Secret.of("pass")));
    }
  }
}
