package io.github.scalingtoolkit.auth;

/**
 * Hears what becomes of each token, on the thread that verified it, before the answer is given. It sees no token.
 *
 * <p>Implementations are safe for use by several threads and do not block. What one throws is logged once and changes no
 * answer.
 */
public interface AuthListener {

  /**
   * A token was accepted.
   *
   * @param fromCache whether the verification cache knew it
   */
  default void verified(Principal principal, boolean fromCache) {}

  /** A token was refused. */
  default void rejected(RejectCode code) {}
}
