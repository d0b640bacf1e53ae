package io.github.scalingtoolkit.docs;

// tag::auth[]
import io.github.scalingtoolkit.auth.JwtVerifier;
import io.github.scalingtoolkit.auth.KeySource;
import io.github.scalingtoolkit.auth.SigningKey;
import io.github.scalingtoolkit.auth.TokenIssuer;
import io.github.scalingtoolkit.auth.Verification;
import io.github.scalingtoolkit.auth.Verification.Rejected;
import io.github.scalingtoolkit.auth.Verification.Verified;
import java.security.SecureRandom;
import java.time.Duration;

class AuthExample {
  public static void main(String[] arguments) {
    byte[] secret = new byte[32]; // yours come from a secret file, the same for all processes
    new SecureRandom().nextBytes(secret);

    KeySource keys = KeySource.of(SigningKey.hs256(secret));
    TokenIssuer issuer = TokenIssuer.builder()
        .issuer("todo-api")
        .audience("todo-api")
        .keys(keys)
        .timeToLive(Duration.ofMinutes(15))
        .build();
    JwtVerifier verifier = JwtVerifier.builder()
        .issuer("todo-api")
        .audience("todo-api")
        .keys(keys)
        .cache(10_000, Duration.ofSeconds(60))
        .build();

    String token = issuer.issue("user123").value();

    Verification verification = verifier.verify(token);
    if (verification instanceof Verified verified) {
      System.out.println("token of " + verified.principal().subject());
    } else if (verification instanceof Rejected rejected) {
      System.out.println("refused: " + rejected.code());
    }
  }
}
// end::auth[]
