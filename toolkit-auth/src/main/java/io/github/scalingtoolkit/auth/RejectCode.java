package io.github.scalingtoolkit.auth;

import java.util.Locale;

/**
 * Why a token was refused. For logs and metrics only: tell the client no more than "Invalid token", because each detail
 * helps a forger.
 *
 * <p>The names are stable. Everything up to and including {@link #BAD_SIGNATURE} is decided before any claim is
 * read, so that {@link #EXPIRED} always means a token that was once valid.
 */
public enum RejectCode {
  /** Longer than 8,192 characters, or its header longer than 1,024 bytes. */
  TOO_LARGE,
  /** Not three base64url segments of strict JSON objects: padding, spare bits, duplicate names, trailing data, bad UTF-8. */
  MALFORMED,
  /** The header has {@code crit}, {@code b64}, {@code zip}, {@code enc}, or contains a key ({@code jwk jku x5u x5c}). */
  UNSUPPORTED_HEADER,
  /** {@code none} in any case, an algorithm this module does not have, or one that is not the key's own. */
  WRONG_ALGORITHM,
  /** No {@code kid}, or one that the current key set does not hold. */
  UNKNOWN_KEY,
  /** The signature is not that of the key. */
  BAD_SIGNATURE,
  /** Genuine, but of another type than the verifier's, such as an ID token. */
  WRONG_TYPE,
  /** Genuine, but without a claim that is required. */
  MISSING_CLAIM,
  /** Genuine, but a claim has the wrong JSON type or an impossible value. */
  INVALID_CLAIM,
  /** Genuine, but issued by someone else. */
  WRONG_ISSUER,
  /** Genuine, but meant for someone else. */
  WRONG_AUDIENCE,
  /** Genuine, but past its {@code exp} by more than the skew. */
  EXPIRED,
  /** Genuine, but its {@code nbf} or {@code iat} lies in the future by more than the skew. */
  NOT_YET_VALID,
  /** Nothing is known about the token: the key source or the JVM's crypto provider failed. Answer 503, not 401. */
  UNAVAILABLE;

  private final String tag = name().toLowerCase(Locale.ROOT);

  /** Returns the name in lower case, such as {@code bad_signature}: a safe metric tag. */
  public String tag() {
    return tag;
  }
}
