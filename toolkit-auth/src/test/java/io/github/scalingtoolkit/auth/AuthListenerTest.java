package io.github.scalingtoolkit.auth;

import static io.github.scalingtoolkit.auth.Tokens.CLAIMS;
import static io.github.scalingtoolkit.auth.Tokens.HEADER;
import static io.github.scalingtoolkit.auth.Tokens.codeOf;
import static io.github.scalingtoolkit.auth.Tokens.signed;
import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

@Isolated("reads what is written to System.err")
class AuthListenerTest {

  @Test
  void countsByOutcomeAndByNothingACallerControls() {
    SimpleMeterRegistry registry = new SimpleMeterRegistry();
    JwtVerifier verifier = Tokens.verifier()
        .cache(16, Duration.ofSeconds(60))
        .listener(AuthMetrics.of(registry))
        .build();

    verifier.verify(signed(HEADER, CLAIMS));
    verifier.verify(signed(HEADER, CLAIMS));
    verifier.verify(signed(Tokens.header("HS256", "a-kid-of-the-caller"), CLAIMS));
    verifier.verify("junk");

    assertThat(count(registry, "verified")).isEqualTo(1);
    assertThat(count(registry, "verified_from_cache")).isEqualTo(1);
    assertThat(count(registry, "unknown_key")).isEqualTo(1);
    assertThat(count(registry, "malformed")).isEqualTo(1);
    assertThat(count(registry, "expired")).isZero();
    assertThat(registry.getMeters()).hasSize(2 + RejectCode.values().length);
  }

  @Test
  void aListenerThatThrowsChangesNoAnswer() {
    AuthListener broken = new AuthListener() {
      @Override
      public void verified(Principal principal, boolean fromCache) {
        throw new IllegalStateException("broken");
      }

      @Override
      public void rejected(RejectCode code) {
        throw new IllegalStateException("broken");
      }
    };
    JwtVerifier verifier = Tokens.verifier().listener(broken).build();

    String logged = logOf(() -> {
      assertThat(codeOf(verifier.verify(signed(HEADER, CLAIMS)))).isNull();
      assertThat(codeOf(verifier.verify("junk"))).isEqualTo(RejectCode.MALFORMED);
    });

    assertThat(logged).containsOnlyOnce("event=auth_listener_failed").doesNotContain("junk");
  }

  @Test
  void refusesAsUnavailableAndSaysSoOnceWhenTheKeySourceFails() {
    AtomicReference<RuntimeException> failure =
        new AtomicReference<>(new IllegalStateException("key file is gone"));
    KeySource source = () -> {
      RuntimeException e = failure.get();
      if (e != null) {
        throw e;
      }
      return KeySource.of(Tokens.KEY).current();
    };
    JwtVerifier verifier = Tokens.verifier().keys(source).build();
    String token = signed(HEADER, CLAIMS);

    String logged = logOf(() -> {
      for (int i = 0; i < 3; i++) {
        assertThat(codeOf(verifier.verify(token))).isEqualTo(RejectCode.UNAVAILABLE);
      }
      failure.set(null);
      assertThat(codeOf(verifier.verify(token))).isNull();
      failure.set(new IllegalStateException("gone again"));
      assertThat(codeOf(verifier.verify(token))).isEqualTo(RejectCode.UNAVAILABLE);
    });

    assertThat(logged.split("event=auth_unavailable", -1)).as(logged).hasSize(3);
    assertThat(logged)
        .contains("cause=java.lang.IllegalStateException")
        .doesNotContain(token.substring(0, 20), "\tat ");
  }

  @Test
  void refusesAsUnavailableWhenTheKeySourceHasNothing() {
    JwtVerifier verifier = Tokens.verifier().keys(() -> null).build();

    logOf(() -> assertThat(codeOf(verifier.verify(signed(HEADER, CLAIMS))))
        .isEqualTo(RejectCode.UNAVAILABLE));
  }

  @Test
  void logsNothingAboutTokens() {
    JwtVerifier verifier = Tokens.verifier().build();
    Mutator mutator = new Mutator(new java.util.Random(4));

    String logged = logOf(() -> {
      for (int i = 0; i < 1000; i++) {
        verifier.verify(mutator.resigned());
        verifier.verify(mutator.tampered());
      }
    });

    assertThat(logged).isEmpty();
  }

  private static double count(SimpleMeterRegistry registry, String outcome) {
    return registry
        .get("toolkit.auth.verifications")
        .tag("outcome", outcome)
        .counter()
        .count();
  }

  private static String logOf(Runnable action) {
    PrintStream before = System.err;
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    System.setErr(new PrintStream(bytes, true, StandardCharsets.UTF_8));
    try {
      action.run();
    } finally {
      System.setErr(before);
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }
}
