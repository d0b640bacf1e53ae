package io.github.scalingtoolkit.auth;

import java.util.List;

/**
 * Supplies the keys in force. Called once for every token that is issued or verified.
 *
 * <p>{@link #of} is for keys that stay as long as the process does, {@link KeyRing} for keys that rotate while it runs.
 *
 * <p>Implementations are safe for use by several threads and do not block: fetch keys in the background and answer with the
 * last set. Return the same object until the keys change, and never one generation number for two different sets. If
 * there are no keys, throw: tokens are then refused as {@link RejectCode#UNAVAILABLE}.
 */
@FunctionalInterface
public interface KeySource {

  /** Returns the keys in force now. */
  KeySet current();

  /**
   * Returns a source of keys that never change: {@code active} signs and verifies, the others only verify.
   *
   * @throws IllegalArgumentException if two keys have the same id
   */
  static KeySource of(SigningKey active, SigningKey... verifyOnly) {
    KeySet keys = KeySet.of(1, active, List.of(verifyOnly));
    return () -> keys;
  }
}
