package io.github.scalingtoolkit.auth;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** The example in the package's documentation, on the system's clock. */
class PackageExampleTest {

  @Test
  void runs() {
    String secret = "an-example-secret-of-more-than-thirty-two-bytes";

    KeySource keys = KeySource.of(SigningKey.hs256(secret)); // at least 32 bytes
    TokenIssuer issuer = TokenIssuer.builder()
        .issuer("https://todo.example")
        .audience("todo-api")
        .keys(keys)
        .timeToLive(Duration.ofMinutes(15))
        .build();
    JwtVerifier verifier = JwtVerifier.builder()
        .issuer("https://todo.example")
        .audience("todo-api")
        .keys(keys)
        .build();

    IssuedToken token = issuer.issue(Subject.of("user123").withScopes("todo:read"));

    assertThat(answer(verifier, "Bearer " + token.value())).isEqualTo("list of user123");
    assertThat(answer(verifier, null)).isEqualTo("No token");
    assertThat(answer(verifier, "Bearer " + token.value() + "x")).isEqualTo("Invalid token");
    assertThat(answer(verifier, "Bearer a b")).isEqualTo("Invalid token");
  }

  private static String answer(JwtVerifier verifier, String authorizationHeader) {
    BearerToken bearer = BearerToken.from(authorizationHeader);
    if (bearer instanceof BearerToken.Missing) {
      return "No token";
    }
    if (bearer instanceof BearerToken.Present present
        && verifier.verify(present.token()) instanceof Verification.Verified verified) {
      return "list of " + verified.principal().subject();
    }
    return "Invalid token";
  }
}
