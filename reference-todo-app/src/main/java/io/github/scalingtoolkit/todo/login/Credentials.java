package io.github.scalingtoolkit.todo.login;

import io.github.scalingtoolkit.core.settings.Secret;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * A username and a password, as a client or an operator gave them.
 *
 * @param username the name
 * @param password the password
 */
public record Credentials(String username, Secret password) {
  /** Least bytes of a new password, in UTF-8. */
  public static final int LEAST_PASSWORD_BYTES = 8;

  /** Most bytes of a new password, in UTF-8. */
  public static final int MOST_PASSWORD_BYTES = 1024;

  /** The names that a new user may have, as a regular expression. */
  public static final String USERNAMES = "[A-Za-z0-9._@-]{1,64}";

  private static final Pattern USERNAME = Pattern.compile(USERNAMES);

  /**
   * A rule that is broken.
   *
   * @param field {@code username} or {@code password}
   * @param message why, without the value; a phrase that follows the name of the field
   */
  public record Broken(String field, String message) {}

  /** Returns the rules for new users that these break; empty for none. */
  public List<Broken> broken() {
    List<Broken> broken = new ArrayList<>();
    if (!USERNAME.matcher(username).matches()) {
      broken.add(new Broken(
          "username", "must be 1 to 64 letters, digits, dots, underscores, dashes or @"));
    }
    int bytes = password.revealBytes().length;
    if (bytes < LEAST_PASSWORD_BYTES || bytes > MOST_PASSWORD_BYTES) {
      broken.add(new Broken(
          "password",
          "must have " + LEAST_PASSWORD_BYTES + " to " + MOST_PASSWORD_BYTES
              + " bytes of UTF-8 but has " + bytes));
    } else if (password.reveal().equals(username)) {
      broken.add(new Broken("password", "must not be the username"));
    }
    return broken;
  }

  /** Shows no password. */
  @Override
  public String toString() {
    return "Credentials[" + username + "]";
  }
}
