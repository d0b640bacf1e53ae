package io.github.scalingtoolkit.todo.login;

import io.github.scalingtoolkit.todo.domain.UserId;
import java.util.Optional;

/** Keeps users. Each call blocks for at most a few seconds. */
public interface UserStore {
  /**
   * Finds the user who logs in as {@code username}.
   *
   * @throws io.github.scalingtoolkit.todo.domain.StoreUnavailableException if the store does not answer
   */
  Optional<User> findByUsername(String username);

  /**
   * Finds the user with this id.
   *
   * @throws io.github.scalingtoolkit.todo.domain.StoreUnavailableException if the store does not answer
   */
  Optional<User> findById(UserId id);

  /**
   * Tells whether there is no user at all.
   *
   * @throws io.github.scalingtoolkit.todo.domain.StoreUnavailableException if the store does not answer
   */
  boolean isEmpty();

  /**
   * Adds {@code user} unless a user with that name or id exists, which is then not changed.
   *
   * @return whether it was added
   * @throws io.github.scalingtoolkit.todo.domain.StoreUnavailableException if the store does not answer
   */
  boolean addIfAbsent(User user);
}
