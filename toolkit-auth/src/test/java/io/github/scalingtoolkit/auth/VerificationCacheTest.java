package io.github.scalingtoolkit.auth;

import static io.github.scalingtoolkit.auth.Tokens.CLAIMS;
import static io.github.scalingtoolkit.auth.Tokens.HEADER;
import static io.github.scalingtoolkit.auth.Tokens.NOW;
import static io.github.scalingtoolkit.auth.Tokens.codeOf;
import static io.github.scalingtoolkit.auth.Tokens.principalOf;
import static io.github.scalingtoolkit.auth.Tokens.signed;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class VerificationCacheTest {
  private static final Duration MINUTE = Duration.ofSeconds(60);
  private final ManualClock clock = Tokens.clock();
  private final Hits hits = new Hits();

  @Test
  void answersASecondTimeFromTheCache() {
    JwtVerifier verifier = caching().build();
    String token = signed(HEADER, CLAIMS);

    Principal first = principalOf(verifier.verify(token));
    Principal second = principalOf(verifier.verify(new StringBuilder(token)));

    assertThat(second).isSameAs(first);
    assertThat(hits.fromCache).hasValue(1);
    assertThat(hits.verified).hasValue(1);
  }

  @Test
  void isOffUnlessAskedFor() {
    JwtVerifier verifier = Tokens.verifier().listener(hits).build();
    String token = signed(HEADER, CLAIMS);

    verifier.verify(token);
    verifier.verify(token);

    assertThat(hits.fromCache).hasValue(0);
  }

  @Test
  void refusesFromTheCacheWhatHasExpiredSince() {
    JwtVerifier verifier = caching().build();
    String token = signed(HEADER, CLAIMS.replace("" + (NOW + 300), "" + (NOW + 10)));
    assertThat(codeOf(verifier.verify(token))).isNull();

    clock.advance(Duration.ofSeconds(39).plusMillis(999));
    assertThat(codeOf(verifier.verify(token))).isNull();
    assertThat(hits.fromCache).as("still a hit").hasValue(1);
    clock.advance(Duration.ofMillis(1));

    assertThat(codeOf(verifier.verify(token))).isEqualTo(RejectCode.EXPIRED);
  }

  @Test
  void refusesFromTheCacheWhatIsNotYetValidAfterTheClockWasSetBack() {
    JwtVerifier verifier = caching().build();
    String token = signed(HEADER, CLAIMS);
    assertThat(codeOf(verifier.verify(token))).isNull();

    clock.jump(Duration.ofSeconds(-31));

    assertThat(codeOf(verifier.verify(token))).isEqualTo(RejectCode.NOT_YET_VALID);
  }

  @Test
  void refusesCachedTokensAfterTheirKeyIsRemoved() {
    SigningKey next = SigningKey.hs256("the-next-secret-of-more-than-thirty-two-bytes");
    KeyRing ring = KeyRing.of(Tokens.KEY);
    JwtVerifier verifier = caching().keys(ring).build();
    String token = signed(HEADER, CLAIMS);
    assertThat(codeOf(verifier.verify(token))).isNull();

    ring.activate(next);
    assertThat(codeOf(verifier.verify(token))).as("retired keys verify").isNull();
    assertThat(codeOf(verifier.verify(token))).isNull();
    ring.remove(Tokens.KEY.id());

    assertThat(codeOf(verifier.verify(token))).isEqualTo(RejectCode.UNKNOWN_KEY);
  }

  @Test
  void verifiesAnewUnderANewGenerationEvenIfTheKeyIsTheSame() {
    AtomicReference<KeySet> keys = new AtomicReference<>(KeySet.of(1, Tokens.KEY, List.of()));
    JwtVerifier verifier = caching().keys(keys::get).build();
    String token = signed(HEADER, CLAIMS);
    verifier.verify(token);

    keys.set(KeySet.of(2, Tokens.KEY, List.of()));
    verifier.verify(token);

    assertThat(hits.fromCache).hasValue(0);
    assertThat(hits.verified).hasValue(2);
  }

  @Test
  void refusesAnotherKeyUnderTheIdOfAForgottenOne() {
    SigningKey impostor =
        SigningKey.hs256("another-secret-of-at-least-thirty-two-bytes").withId(Tokens.KEY.id());
    AtomicReference<KeySet> keys = new AtomicReference<>(KeySet.of(1, Tokens.KEY, List.of()));
    JwtVerifier verifier = caching().keys(keys::get).build();
    String token = signed(HEADER, CLAIMS);
    assertThat(codeOf(verifier.verify(token))).isNull();

    keys.set(KeySet.of(1, impostor, List.of()));

    assertThat(codeOf(verifier.verify(token))).isEqualTo(RejectCode.BAD_SIGNATURE);
  }

  @Test
  void forgetsAtMaxAgeByTheMonotonicClock() {
    JwtVerifier verifier = caching().cache(64, Duration.ofSeconds(20)).build();
    String token = signed(HEADER, CLAIMS);
    verifier.verify(token);

    clock.advance(Duration.ofSeconds(20));
    clock.jump(Duration.ofSeconds(-20));
    verifier.verify(token);

    assertThat(hits.fromCache).hasValue(0);
    assertThat(hits.verified).hasValue(2);
  }

  @Test
  void measuresAnEntrysAgeByRealTimeWhateverTheClockSays() {
    JwtVerifier verifier =
        Tokens.verifier().clock(clock).cache(64, MINUTE).listener(hits).build();
    String token = signed(HEADER, CLAIMS);
    verifier.verify(token);

    clock.advance(Duration.ofSeconds(299));
    verifier.verify(token);

    assertThat(hits.fromCache).hasValue(1);
  }

  @Test
  @SuppressWarnings("unchecked")
  void handsOutNothingThatCanBeChanged() {
    JwtVerifier verifier = caching().build();
    String token = signed(
        HEADER,
        Tokens.claims(",\"role\":\"user\",\"scope\":\"a\",\"o\":{\"l\":[1]},\"e\":{},\"f\":[]"));

    Principal principal = principalOf(verifier.verify(token));

    Map<String, Object> nested = principal.claim("o", Map.class);
    assertThatThrownBy(() -> principal.claims().put("role", "admin"))
        .isInstanceOf(UnsupportedOperationException.class);
    assertThatThrownBy(() -> principal.claims().entrySet().iterator().next().setValue("x"))
        .isInstanceOf(UnsupportedOperationException.class);
    assertThatThrownBy(() -> principal.scopes().add("admin"))
        .isInstanceOf(UnsupportedOperationException.class);
    assertThatThrownBy(() -> nested.put("l", 2)).isInstanceOf(UnsupportedOperationException.class);
    assertThatThrownBy(() -> ((List<Object>) nested.get("l")).add(2))
        .isInstanceOf(UnsupportedOperationException.class);
    assertThatThrownBy(() -> principal.claim("e", Map.class).put("l", 2))
        .isInstanceOf(UnsupportedOperationException.class);
    assertThatThrownBy(() -> principal.claim("f", List.class).add(2))
        .isInstanceOf(UnsupportedOperationException.class);
    assertThat(principalOf(verifier.verify(token)).claim("role", String.class)).isEqualTo("user");
  }

  @Test
  void neverRemembersARefusal() {
    JwtVerifier verifier = caching().build();
    String early = signed(HEADER, Tokens.claims(",\"nbf\":" + (NOW + 40)));
    assertThat(codeOf(verifier.verify(early))).isEqualTo(RejectCode.NOT_YET_VALID);

    clock.advance(Duration.ofSeconds(10));

    assertThat(codeOf(verifier.verify(early))).isNull();
    assertThat(hits.fromCache).hasValue(0);
  }

  @Test
  void tellsTokensApartThatDifferInOneCharacter() {
    JwtVerifier verifier = caching().build();
    String token = signed(HEADER, CLAIMS);
    verifier.verify(token);

    for (int i = 0; i < token.length(); i++) {
      char other = token.charAt(i) == 'A' ? 'B' : 'A';
      String changed = token.substring(0, i) + other + token.substring(i + 1);
      assertThat(codeOf(verifier.verify(changed))).as("at " + i).isNotNull();
    }
    assertThat(codeOf(verifier.verify(token + "\u0141"))).isNotNull();
  }

  @Test
  void keepsNoMoreThanItsBound() {
    JwtVerifier verifier = caching().cache(10, MINUTE).build();
    String[] tokens = new String[200];
    for (int i = 0; i < tokens.length; i++) {
      tokens[i] = signed(HEADER, CLAIMS.replace("j1", "j" + i));
    }

    for (String token : tokens) {
      verifier.verify(token);
    }
    hits.fromCache.set(0);
    for (int i = tokens.length - 1; i >= 0; i--) {
      assertThat(codeOf(verifier.verify(tokens[i]))).isNull();
    }

    assertThat(hits.fromCache.get()).isBetween(1, 10);
  }

  @Test
  void letsTheOldestGoWhenItIsFull() {
    JwtVerifier verifier = caching().cache(4, MINUTE).build();
    String[] tokens = new String[5];
    for (int i = 0; i < tokens.length; i++) {
      tokens[i] = signed(HEADER, CLAIMS.replace("j1", "j" + i));
      verifier.verify(tokens[i]);
      clock.advance(Duration.ofSeconds(1));
    }

    for (int i = 1; i < tokens.length; i++) {
      verifier.verify(tokens[i]);
    }
    assertThat(hits.fromCache).hasValue(4);
    verifier.verify(tokens[0]);
    assertThat(hits.fromCache).hasValue(4);
  }

  @Test
  void worksWithOneEntry() {
    JwtVerifier verifier = caching().cache(1, MINUTE).build();
    String token = signed(HEADER, CLAIMS);

    verifier.verify(token);
    verifier.verify(token);

    assertThat(hits.fromCache).hasValue(1);
  }

  private JwtVerifier.Builder caching() {
    return Tokens.verifier()
        .clock(clock)
        .monotonicNanos(clock::nanoTime)
        .cache(1024, MINUTE)
        .listener(hits);
  }

  private static final class Hits implements AuthListener {
    final AtomicInteger verified = new AtomicInteger();
    final AtomicInteger fromCache = new AtomicInteger();

    @Override
    public void verified(Principal principal, boolean cached) {
      (cached ? fromCache : verified).incrementAndGet();
    }
  }
}
