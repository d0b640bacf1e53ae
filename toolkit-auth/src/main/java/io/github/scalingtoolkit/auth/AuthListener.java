package io.github.scalingtoolkit.auth;

/**
 * Receives the result for each token, on the thread that verified it, before the caller does. It sees no token.
 *
 * <p>Implementations are safe for use by several threads and do not block. An exception is logged once and changes no
 * answer.
 */
public interface AuthListener {

  /**
   * A token was accepted.
   *
   * @param fromCache whether it was found in the verification cache
   */
  default void verified(Principal principal, boolean fromCache) {}

  /** A token was refused. */
  default void rejected(RejectCode code) {}
}
