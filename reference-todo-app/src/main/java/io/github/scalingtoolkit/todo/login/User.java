package io.github.scalingtoolkit.todo.login;

import io.github.scalingtoolkit.todo.domain.UserId;

/**
 * Somebody who may log in.
 *
 * @param id what tokens carry as {@code sub} and todos as {@code userId}
 * @param username what is typed in
 * @param passwordHash a PHC string of {@link PasswordHasher}
 */
public record User(UserId id, String username, String passwordHash) {
  /** Shows no hash. */
  @Override
  public String toString() {
    return "User[" + id + "]";
  }
}
