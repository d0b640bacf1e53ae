package io.github.scalingtoolkit.auth;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;

/** One issuer, one audience, one key, one moment; and tokens signed by that key whatever they say. */
final class Tokens {
  static final String ISSUER = "https://todo.example";
  static final String AUDIENCE = "todo-api";
  static final String SECRET = "a-test-secret-of-more-than-thirty-two-bytes";
  static final SigningKey KEY = SigningKey.hs256(SECRET);
  static final long NOW = 1_795_000_000L;
  static final String HEADER = header("HS256", KEY.id());
  static final String CLAIMS = claims("");

  private Tokens() {}

  static ManualClock clock() {
    return new ManualClock(Instant.ofEpochSecond(NOW));
  }

  static JwtVerifier.Builder verifier() {
    return JwtVerifier.builder()
        .issuer(ISSUER)
        .audience(AUDIENCE)
        .keys(KeySource.of(KEY))
        .clock(clock());
  }

  static TokenIssuer.Builder issuer() {
    return TokenIssuer.builder()
        .issuer(ISSUER)
        .audience(AUDIENCE)
        .keys(KeySource.of(KEY))
        .timeToLive(Duration.ofMinutes(5))
        .clock(clock());
  }

  static String header(String alg, String kid) {
    return "{\"alg\":\"" + alg + "\",\"typ\":\"at+jwt\",\"kid\":\"" + kid + "\"}";
  }

  /** Returns good claims that hold for five minutes, followed by {@code more}, such as {@code ,"a":1}. */
  static String claims(String more) {
    return "{\"iss\":\"" + ISSUER + "\",\"aud\":\"" + AUDIENCE + "\",\"sub\":\"user123\",\"iat\":"
        + NOW + ",\"exp\":" + (NOW + 300) + ",\"jti\":\"j1\"" + more + "}";
  }

  static String signed(String header, String claims) {
    return signed(
        KEY, header.getBytes(StandardCharsets.UTF_8), claims.getBytes(StandardCharsets.UTF_8));
  }

  static String signed(SigningKey key, byte[] header, byte[] claims) {
    return signedSegments(key, Base64Url.encode(header), Base64Url.encode(claims));
  }

  static String signedSegments(SigningKey key, String header, String claims) {
    byte[] input = (header + "." + claims).getBytes(StandardCharsets.ISO_8859_1);
    return header + "." + claims + "." + Base64Url.encode(key.sign(input, 0, input.length));
  }

  /** Returns the code of a refusal, or null if the token was accepted. */
  static RejectCode codeOf(Verification verification) {
    return verification instanceof Verification.Rejected rejected ? rejected.code() : null;
  }

  static Principal principalOf(Verification verification) {
    if (verification instanceof Verification.Verified verified) {
      return verified.principal();
    }
    throw new AssertionError("should be verified but was " + verification);
  }
}
