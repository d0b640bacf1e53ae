package io.github.scalingtoolkit.auth;

import static io.github.scalingtoolkit.auth.Tokens.codeOf;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

class ConcurrentVerificationTest {
  private static final int THREADS = 8;

  @Test
  void neverMixesUpTokensOfThreadsThatShareEnginesAndCache() throws Exception {
    JwtVerifier verifier = Tokens.verifier().cache(16, Duration.ofSeconds(60)).build();
    TokenIssuer issuer = Tokens.issuer().build();
    List<Future<?>> results = new ArrayList<>();
    CountDownLatch start = new CountDownLatch(1);
    ExecutorService threads = Executors.newFixedThreadPool(THREADS);

    for (int t = 0; t < THREADS; t++) {
      String name = "user" + t;
      results.add(threads.submit(() -> {
        List<String> tokens = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
          tokens.add(issuer.issue(name).value());
        }
        start.await();
        for (int i = 0; i < 4000; i++) {
          String token = tokens.get(i % tokens.size());
          assertThat(Tokens.principalOf(verifier.verify(token)).subject()).isEqualTo(name);
          String forged = token.substring(0, token.length() - 4) + "AAAA";
          assertThat(codeOf(verifier.verify(forged))).isEqualTo(RejectCode.BAD_SIGNATURE);
        }
        return null;
      }));
    }
    start.countDown();

    for (Future<?> result : results) {
      result.get(60, TimeUnit.SECONDS);
    }
    threads.shutdownNow();
  }

  @Test
  void refusesARemovedKeyInEveryThreadAsSoonAsRemoveHasReturned() throws Exception {
    SigningKey stable = Tokens.KEY;
    KeyRing ring = KeyRing.of(stable);
    JwtVerifier verifier =
        Tokens.verifier().keys(ring).cache(64, Duration.ofSeconds(60)).build();
    String always = Tokens.issuer().build().issue("user123").value();
    AtomicBoolean done = new AtomicBoolean();
    List<Future<?>> results = new ArrayList<>();
    ExecutorService threads = Executors.newFixedThreadPool(3);
    for (int t = 0; t < 3; t++) {
      results.add(threads.submit(() -> {
        while (!done.get()) {
          assertThat(codeOf(verifier.verify(always))).isNull();
        }
      }));
    }

    for (int i = 0; i < 300; i++) {
      SigningKey passing = SigningKey.hs256("a passing secret of thirty-two bytes or more " + i);
      String token =
          Tokens.issuer().keys(KeySource.of(passing)).build().issue("user123").value();
      ring.publish(passing);
      assertThat(codeOf(verifier.verify(token))).isNull();
      assertThat(codeOf(verifier.verify(token))).isNull();
      ring.remove(passing.id());
      assertThat(codeOf(verifier.verify(token))).isEqualTo(RejectCode.UNKNOWN_KEY);
    }
    done.set(true);

    for (Future<?> result : results) {
      result.get(30, TimeUnit.SECONDS);
    }
    threads.shutdownNow();
  }
}
