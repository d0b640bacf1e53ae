package io.github.scalingtoolkit.auth;

import java.util.ArrayList;
import java.util.List;

/**
 * A key source whose keys change while the process runs; no valid token is refused during a change.
 *
 * <p>A key's life across several processes: {@link #publish} it everywhere (it verifies), then {@link #activate} it
 * everywhere (it signs; the one before still verifies), and once the longest time to live plus the skew has passed,
 * {@link #remove} the old one. A removed key's tokens are refused from the next verification on, cached or not.
 *
 * <p>Safe for use by several threads; reading never blocks.
 */
public final class KeyRing implements KeySource {
  private volatile KeySet current;

  private KeyRing(KeySet first) {
    this.current = first;
  }

  /** Returns a ring with one key, which is active. */
  public static KeyRing of(SigningKey active) {
    return new KeyRing(KeySet.of(1, active, List.of()));
  }

  @Override
  public KeySet current() {
    return current;
  }

  /**
   * Adds a key that only verifies until it is activated.
   *
   * @throws IllegalArgumentException if the ring holds a key of that id
   */
  public synchronized void publish(SigningKey key) {
    List<SigningKey> others = allBut(current.active());
    others.add(key);
    succeed(current.active(), others);
  }

  /**
   * Makes {@code key} the signing key; the previous one still verifies. A key that was not published is
   * published by this.
   *
   * @throws IllegalArgumentException if the ring holds a different key of that id
   */
  public synchronized void activate(SigningKey key) {
    succeed(key, allBut(key));
  }

  /**
   * Removes a key: from now on its tokens are refused.
   *
   * @throws IllegalArgumentException if it is the active key (activate another first) or not in the ring
   */
  public synchronized void remove(String id) {
    SigningKey gone = current.find(id);
    if (gone == null || gone == current.active()) {
      throw new IllegalArgumentException("key " + id + " must be in the ring and not active, but "
          + (gone == null ? "is not in it" : "is active: activate another first"));
    }
    List<SigningKey> others = allBut(current.active());
    others.remove(gone);
    succeed(current.active(), others);
  }

  private void succeed(SigningKey active, List<SigningKey> verifyOnly) {
    current = KeySet.of(current.generation() + 1, active, verifyOnly);
  }

  private List<SigningKey> allBut(SigningKey key) {
    List<SigningKey> others = new ArrayList<>(current.keys());
    others.remove(key);
    return others;
  }
}
