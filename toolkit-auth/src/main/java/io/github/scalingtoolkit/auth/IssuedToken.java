package io.github.scalingtoolkit.auth;

import java.time.Instant;

/**
 * A newly issued token.
 *
 * @param value the token itself, for the {@code Authorization} header. Anyone who has it can act as its subject: do not log it
 * @param jwtId its {@code jti}, for logs and revocation
 * @param expiresAt when it expires
 */
public record IssuedToken(String value, String jwtId, Instant expiresAt) {

  /** Says which token it is, without the token. */
  @Override
  public String toString() {
    return "IssuedToken[jwtId=" + jwtId + ", expiresAt=" + expiresAt + "]";
  }
}
