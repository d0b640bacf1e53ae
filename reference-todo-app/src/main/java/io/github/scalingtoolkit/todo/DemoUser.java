package io.github.scalingtoolkit.todo;

import io.github.scalingtoolkit.core.lifecycle.Loop;
import io.github.scalingtoolkit.core.settings.Secret;
import io.github.scalingtoolkit.todo.domain.StoreException;
import io.github.scalingtoolkit.todo.domain.StoreUnavailableException;
import io.github.scalingtoolkit.todo.domain.UserId;
import io.github.scalingtoolkit.todo.login.PasswordHasher;
import io.github.scalingtoolkit.todo.login.User;
import io.github.scalingtoolkit.todo.login.UserStore;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The tutorial's user, {@code user} with password {@code pass}: exists only in demo mode. */
final class DemoUser {
  private static final Logger log = LoggerFactory.getLogger(DemoUser.class);
  private static final String USERNAME = "user";
  private static final Duration PAUSE = Duration.ofSeconds(1);

  private DemoUser() {}

  /**
   * Makes sure that the user exists.
   *
   * @param storeIsThere whether to wait for the store; if not, or if it fails, this continues in the background
   */
  static void seed(UserStore users, PasswordHasher hasher, boolean storeIsThere) {
    if (!storeIsThere || !tried(users, hasher)) {
      new Loop("demo-user", () -> tried(users, hasher) ? Loop.DONE : PAUSE).start();
    }
  }

  private static boolean tried(UserStore users, PasswordHasher hasher) {
    try {
      if (users.findByUsername(USERNAME).isEmpty()) {
        users.addIfAbsent(
            new User(new UserId("user123"), USERNAME, hasher.hash(Secret.of("pass"))));
      }
      return true;
    } catch (StoreUnavailableException closed) {
      // A closed store never comes back.
      return closed.reason() == StoreUnavailableException.Reason.CLOSED;
    } catch (StoreException notYet) {
      log.debug("demo user=postponed cause={}", notYet.getClass().getName());
      return false;
    }
  }
}
