package io.github.scalingtoolkit.auth;

import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The subject and claims of a verified token. Only a {@link JwtVerifier} creates one, so having one means that
 * the token was verified.
 *
 * <p>Deeply immutable and safe for use by several threads: the same object may be given to every request with the
 * same token.
 */
public final class Principal {
  static final List<Class<?>> TYPES = List.of(
      String.class,
      Boolean.class,
      Integer.class,
      Long.class,
      Double.class,
      BigDecimal.class,
      List.class,
      Map.class);

  private final String subject;
  private final String jwtId;
  private final long issuedAt;
  private final long notBefore;
  private final long expiresAt;
  private final Set<String> scopes;
  private final Map<String, @Nullable Object> claims;

  Principal(
      String subject,
      String jwtId,
      Times times,
      Set<String> scopes,
      Map<String, @Nullable Object> claims) {
    this.subject = subject;
    this.jwtId = jwtId;
    this.issuedAt = times.issuedAt();
    this.notBefore = times.notBefore();
    this.expiresAt = times.expiresAt();
    this.scopes = scopes;
    this.claims = claims;
  }

  /** When a token was issued, becomes valid and expires, in seconds since 1970. */
  record Times(long issuedAt, long notBefore, long expiresAt) {}

  /** Returns {@code sub}; never empty. */
  public String subject() {
    return subject;
  }

  /** Returns {@code jti}: the token's id, for revocation; never empty. */
  public String jwtId() {
    return jwtId;
  }

  /** Returns {@code iat}, in whole seconds. */
  public Instant issuedAt() {
    return Instant.ofEpochSecond(issuedAt);
  }

  /** Returns {@code exp}, in whole seconds, without the skew. */
  public Instant expiresAt() {
    return Instant.ofEpochSecond(expiresAt);
  }

  /**
   * Returns the names in {@code scope}; empty if there is none. Compare them exactly ({@code contains}): a scope has no
   * prefixes and no wildcards.
   */
  public Set<String> scopes() {
    return scopes;
  }

  /**
   * Returns a claim as {@code type}, or null if the token does not have it or has it as {@code null}.
   *
   * <p>Types: {@code String}, {@code Boolean}, {@code Integer}, {@code Long}, {@code Double}, {@code BigDecimal},
   * {@code List}, {@code Map}; the last two are unmodifiable and contain only these types. To refuse tokens that lack a claim
   * or have it in another type, use {@link JwtVerifier.Builder#require}.
   *
   * @throws AuthException if the claim is present but not a {@code type}: a wrong type never counts as absent
   */
  public <T> @Nullable T claim(String name, Class<T> type) {
    Object value = claims.get(name);
    if (value == null) {
      return null;
    }
    T converted = as(value, type);
    if (converted == null) {
      throw new AuthException("claim " + name + " must be a " + type.getSimpleName() + " but is a "
          + value.getClass().getSimpleName()
          + "; let the verifier refuse such tokens with require(name, type)");
    }
    return converted;
  }

  /** Returns all claims, registered ones too, in the token's order. Unmodifiable at every level. */
  public Map<String, @Nullable Object> claims() {
    return claims;
  }

  long issuedAtSeconds() {
    return issuedAt;
  }

  long notBeforeSeconds() {
    return notBefore;
  }

  long expiresAtSeconds() {
    return expiresAt;
  }

  /** Returns {@code value} as {@code type} without loss, or null if that is impossible. */
  static <T> @Nullable T as(Object value, Class<T> type) {
    if (type.isInstance(value)) {
      return type.cast(value);
    }
    if (value instanceof Long whole) {
      if (type == Integer.class && whole == whole.intValue()) {
        return type.cast(whole.intValue());
      }
      if (type == BigDecimal.class) {
        return type.cast(BigDecimal.valueOf(whole));
      }
      if (type == Double.class && whole == (long) whole.doubleValue() && whole != Long.MAX_VALUE) {
        return type.cast(whole.doubleValue());
      }
    }
    if (value instanceof BigDecimal exact && type == Double.class) {
      return type.cast(exact.doubleValue());
    }
    return null;
  }

  /** Shows which token it is, and nothing about the person. */
  @Override
  public String toString() {
    return "Principal[jwtId=" + jwtId + ", expiresAt=" + expiresAt() + "]";
  }
}
