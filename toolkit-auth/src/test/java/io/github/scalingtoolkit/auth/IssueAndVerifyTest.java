package io.github.scalingtoolkit.auth;

import static io.github.scalingtoolkit.auth.Tokens.codeOf;
import static io.github.scalingtoolkit.auth.Tokens.principalOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class IssueAndVerifyTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @Test
  void acceptsWhatItsIssuerIssued() {
    JwtVerifier verifier = Tokens.verifier().build();

    IssuedToken token = Tokens.issuer().build().issue("user123");

    Principal principal = principalOf(verifier.verify(token.value()));
    assertThat(principal.subject()).isEqualTo("user123");
    assertThat(principal.jwtId()).isEqualTo(token.jwtId());
    assertThat(principal.issuedAt()).isEqualTo(Instant.ofEpochSecond(Tokens.NOW));
    assertThat(principal.expiresAt()).isEqualTo(Instant.ofEpochSecond(Tokens.NOW + 300));
    assertThat(principal.expiresAt()).isEqualTo(token.expiresAt());
    assertThat(principal.scopes()).isEmpty();
    assertThat(principal.claims()).containsOnlyKeys("iss", "aud", "sub", "iat", "exp", "jti");
  }

  @Test
  void issuesExactlyTheHeaderAndClaimsOfTheContract() throws Exception {
    String token = Tokens.issuer().build().issue("user123").value();

    String[] segments = token.split("\\.", -1);
    JsonNode header = JSON.readTree(Base64.getUrlDecoder().decode(segments[0]));
    JsonNode claims = JSON.readTree(Base64.getUrlDecoder().decode(segments[1]));
    assertThat(segments).hasSize(3);
    assertThat(header)
        .isEqualTo(JSON.readTree(
            "{\"alg\":\"HS256\",\"typ\":\"at+jwt\",\"kid\":\"" + Tokens.KEY.id() + "\"}"));
    assertThat(claims.properties())
        .extracting(Map.Entry::getKey)
        .containsExactlyInAnyOrder("iss", "aud", "sub", "iat", "exp", "jti");
    assertThat(claims.get("iat").isIntegralNumber()).isTrue();
    assertThat(claims.get("exp").longValue()).isEqualTo(Tokens.NOW + 300);
  }

  @Test
  void issuesHs512WithItsOwnKeyId() {
    String secret = "x".repeat(64);
    SigningKey key = SigningKey.hs512(secret);
    JwtVerifier verifier = Tokens.verifier().keys(KeySource.of(key)).build();

    String token =
        Tokens.issuer().keys(KeySource.of(key)).build().issue("user123").value();

    assertThat(principalOf(verifier.verify(token)).subject()).isEqualTo("user123");
    assertThat(key.id()).isNotEqualTo(SigningKey.hs256(secret).id());
  }

  @Test
  void carriesScopesAndClaimsOfEveryType() {
    JwtVerifier verifier = Tokens.verifier().build();
    Subject subject = Subject.of("zoë \"\\\n😀")
        .withScopes("todo:read", "todo:write", "todo:read")
        .withClaim("tenant", "acme")
        .withClaim("admin", false)
        .withClaim("level", 7)
        .withClaim("big", 9_007_199_254_740_993L)
        .withClaim("rate", new BigDecimal("1.25"))
        .withClaim("roles", List.of("a", "b"))
        .withClaim("nested", Map.of("k", List.of(1, Map.of())));

    Principal principal =
        principalOf(verifier.verify(Tokens.issuer().build().issue(subject).value()));

    assertThat(principal.subject()).isEqualTo("zoë \"\\\n😀");
    assertThat(principal.scopes()).isEqualTo(Set.of("todo:read", "todo:write"));
    assertThat(principal.claim("tenant", String.class)).isEqualTo("acme");
    assertThat(principal.claim("admin", Boolean.class)).isFalse();
    assertThat(principal.claim("level", Integer.class)).isEqualTo(7);
    assertThat(principal.claim("level", Double.class)).isEqualTo(7.0);
    assertThat(principal.claim("big", Long.class)).isEqualTo(9_007_199_254_740_993L);
    assertThat(principal.claim("big", BigDecimal.class)).isEqualTo("9007199254740993");
    assertThat(principal.claim("rate", BigDecimal.class)).isEqualTo("1.25");
    assertThat(principal.claim("rate", Double.class)).isEqualTo(1.25);
    assertThat(principal.claim("roles", List.class)).isEqualTo(List.of("a", "b"));
    assertThat(principal.claim("nested", Map.class)).isEqualTo(Map.of("k", List.of(1L, Map.of())));
    assertThat(principal.claim("absent", String.class)).isNull();
  }

  @Test
  void neverTakesAWrongTypeForAbsent() {
    Principal principal = principalOf(Tokens.verifier()
        .build()
        .verify(Tokens.signed(
            Tokens.HEADER, Tokens.claims(",\"tenant\":5,\"big\":9007199254740993,\"none\":null"))));

    assertThatThrownBy(() -> principal.claim("tenant", String.class))
        .isInstanceOf(AuthException.class)
        .hasMessageContaining("claim tenant must be a String but is a Long")
        .hasMessageNotContaining("5;");
    assertThatThrownBy(() -> principal.claim("big", Integer.class))
        .isInstanceOf(AuthException.class);
    assertThatThrownBy(() -> principal.claim("big", Double.class))
        .as("would lose the last digit")
        .isInstanceOf(AuthException.class);
    assertThat(principal.claim("none", String.class)).isNull();
  }

  @Test
  void requiresAndTypesOwnClaims() {
    JwtVerifier verifier = Tokens.verifier().require("tenant", String.class).build();

    assertThat(codeOf(
            verifier.verify(Tokens.signed(Tokens.HEADER, Tokens.claims(",\"tenant\":\"a\"")))))
        .isNull();
    assertThat(codeOf(verifier.verify(Tokens.signed(Tokens.HEADER, Tokens.claims("")))))
        .isEqualTo(RejectCode.MISSING_CLAIM);
    assertThat(
            codeOf(verifier.verify(Tokens.signed(Tokens.HEADER, Tokens.claims(",\"tenant\":5")))))
        .isEqualTo(RejectCode.INVALID_CLAIM);
    assertThat(codeOf(
            verifier.verify(Tokens.signed(Tokens.HEADER, Tokens.claims(",\"tenant\":null")))))
        .isEqualTo(RejectCode.INVALID_CLAIM);
  }

  @Test
  void givesEveryTokenItsOwnId() {
    TokenIssuer issuer = Tokens.issuer().build();
    Set<String> ids = new HashSet<>();

    for (int i = 0; i < 1000; i++) {
      ids.add(issuer.issue("user123").jwtId());
    }

    assertThat(ids).hasSize(1000).allMatch(id -> id.length() == 22);
  }

  @Test
  void separatesTypes() {
    TokenType confirmation = TokenType.of("email-confirmation+jwt");
    String access = Tokens.issuer().build().issue("user123").value();
    String other = Tokens.issuer().type(confirmation).build().issue("user123").value();

    assertThat(codeOf(Tokens.verifier().build().verify(other))).isEqualTo(RejectCode.WRONG_TYPE);
    assertThat(codeOf(Tokens.verifier().type(confirmation).build().verify(access)))
        .isEqualTo(RejectCode.WRONG_TYPE);
    assertThat(codeOf(Tokens.verifier().type(confirmation).build().verify(other)))
        .isNull();
  }

  @Test
  void keepsItsOwnCopyOfClaims() {
    List<String> roles = new ArrayList<>(List.of("user"));
    Map<String, Object> tenant = new HashMap<>(Map.of("roles", roles));
    Subject subject = Subject.of("user123").withClaim("tenant", tenant);

    roles.add("admin");
    tenant.put("more", true);

    Principal principal = principalOf(
        Tokens.verifier().build().verify(Tokens.issuer().build().issue(subject).value()));
    assertThat(principal.claim("tenant", Map.class)).isEqualTo(Map.of("roles", List.of("user")));
  }

  @Test
  void refusesSubjectsAndClaimsThatNoVerifierWouldTake() {
    Subject subject = Subject.of("user123");
    Object tooDeep = "x";
    for (int i = 0; i < 8; i++) {
      tooDeep = List.of(tooDeep);
    }
    Object deep = tooDeep;

    assertThatIllegalArgumentException().isThrownBy(() -> Subject.of(" "));
    assertThatIllegalArgumentException().isThrownBy(() -> Subject.of("\uD83D"));
    assertThatIllegalArgumentException().isThrownBy(() -> subject.withScopes("a b"));
    assertThatIllegalArgumentException().isThrownBy(() -> subject.withScopes(""));
    assertThatIllegalArgumentException().isThrownBy(() -> subject.withScopes("a\"b"));
    assertThatIllegalArgumentException().isThrownBy(() -> subject.withClaim("exp", 1));
    assertThatIllegalArgumentException().isThrownBy(() -> subject.withClaim("scope", "admin"));
    assertThatIllegalArgumentException().isThrownBy(() -> subject.withClaim("d", 1.5));
    assertThatIllegalArgumentException().isThrownBy(() -> subject.withClaim("deep", deep));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> subject.withClaim("n", new BigDecimal("123456789012345678901")));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> subject.withClaim("n", new BigDecimal("1e1000000000")));
    assertThatIllegalArgumentException().isThrownBy(() -> subject.withClaim("m", Map.of(1, 2)));
    assertThatThrownBy(
            () -> Tokens.issuer().build().issue(subject.withClaim("long", "x".repeat(7000))))
        .isInstanceOf(AuthException.class)
        .hasMessageContaining("at most 8192 characters");
  }

  @Test
  void saysWhatIsWrongWithABuilder() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Tokens.verifier().skew(Duration.ofMinutes(6)).build())
        .withMessage("skew must be >= 0 and <= PT5M but was PT6M");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Tokens.verifier().skew(Duration.ofSeconds(-1)).build());
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Tokens.verifier().cache(100, Duration.ofSeconds(61)))
        .withMessage("cache maxAge must be > 0 and <= PT1M but was PT1M1S");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Tokens.verifier().cache(0, Duration.ofSeconds(1)));
    assertThatIllegalArgumentException()
        .isThrownBy(() ->
            JwtVerifier.builder().audience("a").keys(KeySource.of(Tokens.KEY)).build())
        .withMessage("issuer must be set to a text that is not blank but was not set");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Tokens.verifier().audience("").build());
    assertThatIllegalArgumentException()
        .isThrownBy(() -> JwtVerifier.builder().issuer("i").audience("a").build())
        .withMessage("keys must be set but was not");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Tokens.issuer().timeToLive(Duration.ZERO).build())
        .withMessage("timeToLive must be whole seconds, >= PT1S and <= PT8760H but was PT0S");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Tokens.issuer().timeToLive(Duration.ofMillis(1500)).build());
    assertThatIllegalArgumentException().isThrownBy(() -> TokenType.of("AT+JWT"));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Tokens.verifier().require("roles", Set.class))
        .withMessageContaining("type of claim roles must be one of");
  }

  @Test
  void printsNeitherTokensNorSecretsNorPeople() {
    IssuedToken token = Tokens.issuer()
        .build()
        .issue(Subject.of("alice@example.com").withClaim("phone", "555-0100"));
    Verification verification = Tokens.verifier().build().verify(token.value());
    String signature = token.value().substring(token.value().lastIndexOf('.') + 1);

    String printed = token + " " + verification + " " + Tokens.KEY + " "
        + KeySource.of(Tokens.KEY).current() + " " + BearerToken.from("Bearer " + token.value())
        + " "
        + Subject.of("alice@example.com").withClaim("phone", "555-0100");

    assertThat(printed)
        .doesNotContain(signature, "alice", "555-0100", Tokens.SECRET)
        .contains(token.jwtId());
  }
}
