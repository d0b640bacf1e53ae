package io.github.scalingtoolkit.todo.login;

import io.github.scalingtoolkit.todo.domain.UserId;

/**
 * A user who may log in.
 *
 * @param id the value of {@code sub} in tokens and {@code userId} in todos
 * @param username the name entered at login
 * @param passwordHash a PHC string of {@link PasswordHasher}
 */
public record User(UserId id, String username, String passwordHash) {
  /** Shows no hash. */
  @Override
  public String toString() {
    return "User[" + id + "]";
  }
}
