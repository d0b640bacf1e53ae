package io.github.scalingtoolkit.auth;

import static io.github.scalingtoolkit.auth.Tokens.codeOf;
import static io.github.scalingtoolkit.auth.Tokens.principalOf;
import static org.assertj.core.api.Assertions.assertThat;

import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.OctetSequenceKey;
import com.nimbusds.jose.jwk.source.ImmutableJWKSet;
import com.nimbusds.jose.proc.DefaultJOSEObjectTypeVerifier;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import com.nimbusds.jwt.proc.DefaultJWTClaimsVerifier;
import com.nimbusds.jwt.proc.DefaultJWTProcessor;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * Nimbus is the second opinion: tokens go both ways, and whatever we accept, it accepts with the same claims.
 * {@code -Dtoolkit.auth.fuzz=N} compares N/5 tokens.
 */
class NimbusDifferentialTest {
  private static final int TOKENS = Integer.getInteger("toolkit.auth.fuzz", 20_000) / 5;
  private static final SigningKey HS512 = SigningKey.of(
      Algorithm.HS512,
      "0123456789abcdef".repeat(4).getBytes(java.nio.charset.StandardCharsets.UTF_8));
  private final DefaultJWTProcessor<SecurityContext> nimbus = nimbus();
  private final JwtVerifier ours =
      Tokens.verifier().keys(KeySource.of(Tokens.KEY, HS512)).build();

  @Test
  void nimbusAcceptsWhatWeIssue() throws Exception {
    for (SigningKey key : List.of(Tokens.KEY, HS512)) {
      String token = Tokens.issuer()
          .keys(KeySource.of(key))
          .build()
          .issue(Subject.of("zoë").withScopes("a", "b").withClaim("tenant", List.of("x", 5)))
          .value();

      JWTClaimsSet claims = nimbus.process(token, null);

      assertThat(claims.getSubject()).isEqualTo("zoë");
      assertThat(claims.getStringClaim("scope")).isEqualTo("a b");
      assertThat(claims.getListClaim("tenant")).isEqualTo(List.of("x", 5L));
    }
  }

  @Test
  void weAcceptWhatNimbusIssues() throws Exception {
    SignedJWT token = new SignedJWT(
        new JWSHeader.Builder(JWSAlgorithm.HS256)
            .type(new JOSEObjectType("at+jwt"))
            .keyID(Tokens.KEY.id())
            .build(),
        new JWTClaimsSet.Builder()
            .issuer(Tokens.ISSUER)
            .audience(List.of("other", Tokens.AUDIENCE))
            .subject("zoë 😀")
            .issueTime(Date.from(Instant.ofEpochSecond(Tokens.NOW)))
            .notBeforeTime(Date.from(Instant.ofEpochSecond(Tokens.NOW)))
            .expirationTime(Date.from(Instant.ofEpochSecond(Tokens.NOW + 60)))
            .jwtID("n1")
            .claim("scope", "todo:read")
            .claim("ratio", 0.25)
            .build());
    token.sign(new MACSigner(Tokens.SECRET.getBytes(StandardCharsets.UTF_8)));

    Principal principal = principalOf(ours.verify(token.serialize()));

    assertThat(principal.subject()).isEqualTo("zoë 😀");
    assertThat(principal.scopes()).containsExactly("todo:read");
    assertThat(principal.claim("ratio", Double.class)).isEqualTo(0.25);
  }

  @Test
  void nimbusAcceptsWhateverWeAccept() throws Exception {
    Mutator mutator = new Mutator(new Random(20261123));
    int accepted = 0;
    int refused = 0;

    for (int i = 0; i < TOKENS; i++) {
      String token = mutator.resigned();
      Verification verification = ours.verify(token);
      assertThat(codeOf(verification)).as(token).isNotEqualTo(RejectCode.UNAVAILABLE);
      if (verification instanceof Verification.Verified verified) {
        accepted++;
        JWTClaimsSet claims = second(token);
        assertThat(claims.getSubject()).as(token).isEqualTo(verified.principal().subject());
        assertThat(claims.getJWTID()).as(token).isEqualTo(verified.principal().jwtId());
        assertThat(claims.getExpirationTime().toInstant())
            .as(token)
            .isAfterOrEqualTo(verified.principal().expiresAt());
        assertThat(claims.getClaims().keySet())
            .as(token)
            .isEqualTo(verified.principal().claims().keySet());
      } else {
        refused++;
      }
    }

    assertThat(accepted).as("accepted").isGreaterThan(TOKENS / 20);
    assertThat(refused).as("refused").isGreaterThan(TOKENS / 4);
  }

  private JWTClaimsSet second(String token) {
    try {
      return nimbus.process(token, null);
    } catch (Exception e) {
      throw new AssertionError("we accept but Nimbus refuses " + token, e);
    }
  }

  private static DefaultJWTProcessor<SecurityContext> nimbus() {
    DefaultJWTProcessor<SecurityContext> processor = new DefaultJWTProcessor<>();
    JWKSet keys = new JWKSet(List.of(
        new OctetSequenceKey.Builder(Tokens.SECRET.getBytes(StandardCharsets.UTF_8))
            .keyID(Tokens.KEY.id())
            .algorithm(JWSAlgorithm.HS256)
            .build(),
        new OctetSequenceKey.Builder(
                "0123456789abcdef".repeat(4).getBytes(java.nio.charset.StandardCharsets.UTF_8))
            .keyID(HS512.id())
            .algorithm(JWSAlgorithm.HS512)
            .build()));
    processor.setJWSKeySelector(new JWSVerificationKeySelector<>(
        Set.of(JWSAlgorithm.HS256, JWSAlgorithm.HS512), new ImmutableJWKSet<>(keys)));
    processor.setJWSTypeVerifier(new DefaultJOSEObjectTypeVerifier<>(
        new JOSEObjectType("at+jwt"), new JOSEObjectType("application/at+jwt")));
    DefaultJWTClaimsVerifier<SecurityContext> claims =
        new DefaultJWTClaimsVerifier<>(
            Tokens.AUDIENCE,
            new JWTClaimsSet.Builder().issuer(Tokens.ISSUER).build(),
            Set.of("sub", "iat", "exp", "jti")) {
          @Override
          protected Date currentTime() {
            // A millisecond later: at the very moment of nbf a token holds (RFC 7519 §4.1.5), which
            // Nimbus denies.
            return Date.from(Instant.ofEpochSecond(Tokens.NOW).plusMillis(1));
          }
        };
    claims.setMaxClockSkew(30);
    processor.setJWTClaimsSetVerifier(claims);
    return processor;
  }
}
