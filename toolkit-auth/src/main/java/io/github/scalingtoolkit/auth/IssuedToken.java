package io.github.scalingtoolkit.auth;

import java.time.Instant;

/**
 * A token fresh from its issuer.
 *
 * @param value the token itself, for the {@code Authorization} header. Whoever has it is its subject: do not log it
 * @param jwtId its {@code jti}: what logs may say and a revocation names
 * @param expiresAt when it ends to hold
 */
public record IssuedToken(String value, String jwtId, Instant expiresAt) {

  /** Says which token it is, without the token. */
  @Override
  public String toString() {
    return "IssuedToken[jwtId=" + jwtId + ", expiresAt=" + expiresAt + "]";
  }
}
