package io.github.scalingtoolkit.todo.domain;

/**
 * The id of the user who owns a todo: the {@code sub} of a verified token.
 *
 * @param value not blank
 */
public record UserId(String value) {
  /** @throws IllegalArgumentException if {@code value} is blank */
  public UserId {
    if (value.isBlank()) {
      throw new IllegalArgumentException("a user id must not be blank");
    }
  }

  @Override
  public String toString() {
    return value;
  }
}
