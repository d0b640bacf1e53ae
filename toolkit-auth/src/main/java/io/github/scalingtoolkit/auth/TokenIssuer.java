package io.github.scalingtoolkit.auth;

import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Issues signed tokens that a {@link JwtVerifier} with the same issuer, audience and keys accepts.
 *
 * <p>Header: {@code alg}, {@code typ} and {@code kid}. Claims: {@code iss sub aud iat exp jti}, {@code scope} if there are
 * scopes, and the subject's own. The {@code jti} is 128 random bits. The key is the source's active one at each call.
 *
 * <p>Immutable and safe for use by several threads; makes no remote call.
 */
public final class TokenIssuer {
  private static final int JWT_ID_BYTES = 16;
  private static final Duration MAX_TIME_TO_LIVE = Duration.ofDays(365);

  private final SecureRandom random = new SecureRandom();
  private final String commonClaims;
  private final KeySource keys;
  private final TokenType type;
  private final long secondsToLive;
  private final InstantSource clock;

  private TokenIssuer(Builder builder, String issuer, String audience, KeySource keys) {
    this.commonClaims = "{\"iss\":" + JsonText.of(issuer) + ",\"aud\":" + JsonText.of(audience);
    this.keys = keys;
    this.type = builder.type;
    this.secondsToLive = builder.timeToLive.toSeconds();
    this.clock = builder.clock;
  }

  /** Starts an issuer. {@code issuer}, {@code audience} and {@code keys} are required. */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Issues a token with a subject and no scopes or other claims.
   *
   * @throws IllegalArgumentException if {@code subject} is blank or not valid Unicode
   */
  public IssuedToken issue(String subject) {
    return issue(Subject.of(subject));
  }

  /**
   * Issues a token.
   *
   * @throws AuthException if it would be longer than the 8,192 characters that verifiers take
   */
  public IssuedToken issue(Subject subject) {
    SigningKey key = keys.current().active();
    byte[] id = new byte[JWT_ID_BYTES];
    random.nextBytes(id);
    String jwtId = Base64Url.encode(id);
    long issuedAt = Math.floorDiv(clock.millis(), 1000L);
    long expiresAt = issuedAt + secondsToLive;

    StringBuilder claims = new StringBuilder(256).append(commonClaims);
    member(claims, "sub", JsonText.of(subject.id()));
    member(claims, "iat", Long.toString(issuedAt));
    member(claims, "exp", Long.toString(expiresAt));
    member(claims, "jti", JsonText.of(jwtId));
    if (!subject.scopes().isEmpty()) {
      member(claims, "scope", JsonText.of(String.join(" ", subject.scopes())));
    }
    subject.claimTexts().forEach((name, text) -> member(claims, name, text));
    claims.append('}');

    return new IssuedToken(sign(key, claims.toString()), jwtId, Instant.ofEpochSecond(expiresAt));
  }

  private String sign(SigningKey key, String claims) {
    String header = "{\"alg\":\"" + key.algorithm() + "\",\"typ\":\"" + type.name() + "\",\"kid\":"
        + JsonText.of(key.id()) + "}";
    String input = Base64Url.encode(header) + "." + Base64Url.encode(claims);
    byte[] bytes = input.getBytes(StandardCharsets.ISO_8859_1);
    String token = input + "." + Base64Url.encode(key.sign(bytes, 0, bytes.length));
    if (token.length() > Jws.MAX_CHARACTERS) {
      throw new AuthException("token must have at most " + Jws.MAX_CHARACTERS
          + " characters but would have " + token.length() + "; give the subject fewer claims");
    }
    return token;
  }

  private static void member(StringBuilder claims, String name, String text) {
    claims.append(',').append(JsonText.of(name)).append(':').append(text);
  }

  /** Collects the settings of an issuer. Used by one thread. */
  public static final class Builder {
    private @Nullable String issuer;
    private @Nullable String audience;
    private @Nullable KeySource keys;
    private TokenType type = TokenType.ACCESS;
    private Duration timeToLive = Duration.ofHours(1);
    private InstantSource clock = InstantSource.system();

    private Builder() {}

    /** Sets {@code iss}: the issuer's name, usually a URL. Required. */
    public Builder issuer(String issuer) {
      this.issuer = Objects.requireNonNull(issuer, "issuer");
      return this;
    }

    /** Sets {@code aud}: the service the tokens are for. Required. */
    public Builder audience(String audience) {
      this.audience = Objects.requireNonNull(audience, "audience");
      return this;
    }

    /** Sets where the active key comes from. Required. */
    public Builder keys(KeySource keys) {
      this.keys = Objects.requireNonNull(keys, "keys");
      return this;
    }

    /** Sets the type of the tokens. Default {@link TokenType#ACCESS} ({@code at+jwt}). */
    public Builder type(TokenType type) {
      this.type = Objects.requireNonNull(type, "type");
      return this;
    }

    /** Sets how long a token is valid: 1 s to 365 days, whole seconds, default 1 hour. Only removing its key ends it earlier. */
    public Builder timeToLive(Duration timeToLive) {
      this.timeToLive = Objects.requireNonNull(timeToLive, "timeToLive");
      return this;
    }

    /**
     * Sets where wall time comes from: any {@link java.time.Clock} will do. It must not block and must be safe for use by
     * several threads. Default {@link InstantSource#system()}.
     */
    public Builder clock(InstantSource clock) {
      this.clock = Objects.requireNonNull(clock, "clock");
      return this;
    }

    /**
     * Returns the issuer.
     *
     * @throws IllegalArgumentException if something required is missing or empty, or {@code timeToLive} is out of range
     */
    public TokenIssuer build() {
      boolean whole = timeToLive.getNano() == 0;
      if (!whole || timeToLive.toSeconds() < 1 || timeToLive.compareTo(MAX_TIME_TO_LIVE) > 0) {
        throw new IllegalArgumentException("timeToLive must be whole seconds, >= PT1S and <= "
            + MAX_TIME_TO_LIVE + " but was " + timeToLive);
      }
      return new TokenIssuer(
          this,
          Required.text("issuer", issuer),
          Required.text("audience", audience),
          Required.thing("keys", keys));
    }
  }
}
