package io.github.scalingtoolkit.auth;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The rules for the claims of a genuine token. Types are checked first, times last: so "expired" means that
 * nothing else was wrong. {@code iss sub aud exp iat jti} are required (RFC 9068 §2.2), {@code nbf} is checked if present.
 *
 * <p>Fractions of a second are rounded towards refusal. A date beyond the year 9999 is refused: it is most likely in
 * milliseconds, and would never expire.
 */
final class ClaimsPolicy {
  private static final long LAST_SECOND = 253_402_300_799L;

  private final String issuer;
  private final String audience;
  private final long skewMillis;
  private final Map<String, Class<?>> required;

  ClaimsPolicy(String issuer, String audience, long skewMillis, Map<String, Class<?>> required) {
    this.issuer = issuer;
    this.audience = audience;
    this.skewMillis = skewMillis;
    this.required = Map.copyOf(required);
  }

  Principal admit(Map<String, @Nullable Object> claims, long nowMillis) {
    String iss = text(claims, "iss");
    boolean forUs = isForUs(claims);
    String subject = text(claims, "sub");
    String jwtId = text(claims, "jti");
    Principal.Times times = new Principal.Times(
        seconds(claims, "iat", RoundingMode.CEILING),
        claims.containsKey("nbf") ? seconds(claims, "nbf", RoundingMode.CEILING) : 0,
        seconds(claims, "exp", RoundingMode.FLOOR));
    Set<String> scopes = claims.containsKey("scope") ? Scopes.read(scope(claims)) : Set.of();
    requireOwn(claims);
    if (!iss.equals(issuer)) {
      throw Reject.as(RejectCode.WRONG_ISSUER);
    }
    if (!forUs) {
      throw Reject.as(RejectCode.WRONG_AUDIENCE);
    }
    Principal principal = new Principal(subject, jwtId, times, scopes, claims);
    requireInTime(principal, nowMillis);
    return principal;
  }

  /** Also checked at every hit of the verification cache: time passes there, too. */
  void requireInTime(Principal principal, long nowMillis) {
    if (nowMillis >= principal.expiresAtSeconds() * 1000 + skewMillis) {
      throw Reject.as(RejectCode.EXPIRED);
    }
    long start = Math.max(principal.notBeforeSeconds(), principal.issuedAtSeconds());
    if (nowMillis < start * 1000 - skewMillis) {
      throw Reject.as(RejectCode.NOT_YET_VALID);
    }
  }

  private boolean isForUs(Map<String, @Nullable Object> claims) {
    Object aud = present(claims, "aud");
    if (aud instanceof String one) {
      return one.equals(audience);
    }
    if (!(aud instanceof List<?> several) || several.isEmpty()) {
      throw Reject.as(RejectCode.INVALID_CLAIM);
    }
    boolean found = false;
    for (Object one : several) {
      if (!(one instanceof String text)) {
        throw Reject.as(RejectCode.INVALID_CLAIM);
      }
      found |= text.equals(audience);
    }
    return found;
  }

  private void requireOwn(Map<String, @Nullable Object> claims) {
    if (required.isEmpty()) {
      return;
    }
    required.forEach((name, type) -> {
      if (Principal.as(present(claims, name), type) == null) {
        throw Reject.as(RejectCode.INVALID_CLAIM);
      }
    });
  }

  private static String text(Map<String, @Nullable Object> claims, String name) {
    if (present(claims, name) instanceof String text && !text.isEmpty()) {
      return text;
    }
    throw Reject.as(RejectCode.INVALID_CLAIM);
  }

  private static String scope(Map<String, @Nullable Object> claims) {
    if (claims.get("scope") instanceof String text) {
      return text;
    }
    throw Reject.as(RejectCode.INVALID_CLAIM);
  }

  private static long seconds(
      Map<String, @Nullable Object> claims, String name, RoundingMode rounding) {
    Object value = present(claims, name);
    if (value instanceof Long whole && whole >= 0 && whole <= LAST_SECOND) {
      return whole;
    }
    if (value instanceof BigDecimal exact
        && exact.signum() >= 0
        && exact.compareTo(BigDecimal.valueOf(LAST_SECOND)) <= 0) {
      return exact.setScale(0, rounding).longValueExact();
    }
    throw Reject.as(RejectCode.INVALID_CLAIM);
  }

  /** A claim with the value {@code null} has the wrong type; it is not missing. */
  private static Object present(Map<String, @Nullable Object> claims, String name) {
    Object value = claims.get(name);
    if (value == null) {
      throw Reject.as(
          claims.containsKey(name) ? RejectCode.INVALID_CLAIM : RejectCode.MISSING_CLAIM);
    }
    return value;
  }
}
