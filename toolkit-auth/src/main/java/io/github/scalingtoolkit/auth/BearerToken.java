package io.github.scalingtoolkit.auth;

import java.util.Collection;
import org.jspecify.annotations.Nullable;

/**
 * The content of an {@code Authorization} header (RFC 6750 §2.1): a token ({@link Present}), none ({@link Missing}: answer
 * "No token"), or something that claims to be one and cannot be ({@link Malformed}: answer "Invalid token").
 *
 * <p>Present does not mean that the token is valid: pass it to {@link JwtVerifier#verify}.
 */
public sealed interface BearerToken {

  /** A token. */
  record Present(String token) implements BearerToken {

    /** Does not show the token. */
    @Override
    public String toString() {
      return "Present[token hidden]";
    }
  }

  /** No header, or one of another scheme, or the word Bearer alone. */
  record Missing() implements BearerToken {}

  /** The word Bearer with something that is not one token; or several headers. */
  record Malformed() implements BearerToken {}

  /**
   * Reads one header value. The scheme may be in any case and be followed by several spaces; the token must be one run of
   * RFC 6750's characters and reach to the end.
   *
   * @param authorizationHeader the value without the header's name, or null if there is none
   */
  static BearerToken from(@Nullable String authorizationHeader) {
    return BearerHeader.read(authorizationHeader);
  }

  /** As {@link #from(String)} for all values of the header: more than one is malformed, because two readers could pick different ones. */
  static BearerToken from(Collection<String> authorizationHeaders) {
    if (authorizationHeaders.size() > 1) {
      return BearerHeader.MALFORMED;
    }
    return authorizationHeaders.isEmpty()
        ? BearerHeader.MISSING
        : BearerHeader.read(authorizationHeaders.iterator().next());
  }
}
