package io.github.scalingtoolkit.todo.login;

import io.github.scalingtoolkit.todo.domain.UserId;
import java.util.Optional;
import java.util.UUID;

/**
 * Adds and finds users. Adding hashes a password, which takes about a tenth of a second of one core: callers that serve
 * requests bound how many do so at a time.
 *
 * <p>Safe for use by several threads. Every method blocks, and throws {@link
 * io.github.scalingtoolkit.todo.domain.StoreUnavailableException} if the store does not answer.
 */
public final class Users {
  private final UserStore store;
  private final PasswordHasher hasher;

  /** Keeps them in {@code store}. */
  public Users(UserStore store, PasswordHasher hasher) {
    this.store = store;
    this.hasher = hasher;
  }

  /** Tells whether there is no user at all. */
  public boolean isEmpty() {
    return store.isEmpty();
  }

  /** Returns the user with this id. */
  public Optional<User> find(UserId id) {
    return store.findById(id);
  }

  /** Tells whether a user has this name. */
  boolean isTaken(String username) {
    return store.findByUsername(username).isPresent();
  }

  /** Adds a user with an id of its own; empty if the name is taken. The rules for new users are the caller's to check. */
  public Optional<User> add(Credentials credentials) {
    return add(new UserId(UUID.randomUUID().toString()), credentials);
  }

  /** Adds a user unless its name or id is taken; does not hash if the name is. */
  void addIfMissing(UserId id, Credentials credentials) {
    if (!isTaken(credentials.username())) {
      add(id, credentials);
    }
  }

  private Optional<User> add(UserId id, Credentials credentials) {
    User user = new User(id, credentials.username(), hasher.hash(credentials.password()));
    return store.addIfAbsent(user) ? Optional.of(user) : Optional.empty();
  }
}
