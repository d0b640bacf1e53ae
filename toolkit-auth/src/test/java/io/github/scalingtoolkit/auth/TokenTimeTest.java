package io.github.scalingtoolkit.auth;

import static io.github.scalingtoolkit.auth.Tokens.CLAIMS;
import static io.github.scalingtoolkit.auth.Tokens.HEADER;
import static io.github.scalingtoolkit.auth.Tokens.NOW;
import static io.github.scalingtoolkit.auth.Tokens.codeOf;
import static io.github.scalingtoolkit.auth.Tokens.signed;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneId;
import org.junit.jupiter.api.Test;

class TokenTimeTest {
  private final ManualClock clock = Tokens.clock();

  @Test
  void holdsUntilExpPlusSkewToTheMillisecond() {
    JwtVerifier verifier = Tokens.verifier().clock(clock).build();
    String token = signed(HEADER, CLAIMS);

    clock.advance(Duration.ofSeconds(330).minusMillis(1));
    assertThat(codeOf(verifier.verify(token))).isNull();
    clock.advance(Duration.ofMillis(1));

    assertThat(codeOf(verifier.verify(token))).isEqualTo(RejectCode.EXPIRED);
  }

  @Test
  void holdsNotAMillisecondLongerWithoutSkew() {
    JwtVerifier verifier = Tokens.verifier().clock(clock).skew(Duration.ZERO).build();
    String token = signed(HEADER, CLAIMS);

    clock.advance(Duration.ofSeconds(300).minusMillis(1));
    assertThat(codeOf(verifier.verify(token))).isNull();
    clock.advance(Duration.ofMillis(1));

    assertThat(codeOf(verifier.verify(token))).isEqualTo(RejectCode.EXPIRED);
  }

  @Test
  void startsToHoldAtNbfMinusSkew() {
    JwtVerifier verifier =
        Tokens.verifier().clock(clock).skew(Duration.ofSeconds(5)).build();
    String token = signed(HEADER, Tokens.claims(",\"nbf\":" + (NOW + 60)));

    clock.advance(Duration.ofSeconds(55).minusMillis(1));
    assertThat(codeOf(verifier.verify(token))).isEqualTo(RejectCode.NOT_YET_VALID);
    clock.advance(Duration.ofMillis(1));

    assertThat(codeOf(verifier.verify(token))).isNull();
  }

  @Test
  void roundsFractionsTowardsRefusal() {
    JwtVerifier verifier = Tokens.verifier().clock(clock).skew(Duration.ZERO).build();
    String ends = signed(HEADER, CLAIMS.replace("" + (NOW + 300), (NOW + 1) + ".9"));
    String starts = signed(HEADER, Tokens.claims(",\"nbf\":" + NOW + ".1"));

    assertThat(codeOf(verifier.verify(ends))).isNull();
    assertThat(codeOf(verifier.verify(starts))).isEqualTo(RejectCode.NOT_YET_VALID);
    clock.advance(Duration.ofSeconds(1));

    assertThat(codeOf(verifier.verify(ends))).isEqualTo(RejectCode.EXPIRED);
    assertThat(codeOf(verifier.verify(starts))).isNull();
  }

  @Test
  void holdsAtTheEndsOfTime() {
    JwtVerifier verifier =
        Tokens.verifier().clock(clock).skew(Duration.ofMinutes(5)).build();

    assertThat(codeOf(
            verifier.verify(signed(HEADER, CLAIMS.replace("" + (NOW + 300), "253402300799")))))
        .isNull();
    assertThat(codeOf(
            verifier.verify(signed(HEADER, CLAIMS.replace("" + (NOW + 300), "253402300800")))))
        .isEqualTo(RejectCode.INVALID_CLAIM);
    assertThat(codeOf(verifier.verify(
            signed(HEADER, CLAIMS.replace("" + (NOW + 300), "9223372036854775807")))))
        .isEqualTo(RejectCode.INVALID_CLAIM);
  }

  @Test
  void takesAnyClockOfTheJdk() {
    Clock then = Clock.fixed(Instant.ofEpochSecond(NOW), ZoneId.of("Asia/Tokyo"));
    String token = Tokens.issuer().clock(then).build().issue("user123").value();

    JwtVerifier same = Tokens.verifier().clock(then).build();
    JwtVerifier later =
        Tokens.verifier().clock(Clock.offset(then, Duration.ofMinutes(6))).build();

    assertThat(Tokens.principalOf(same.verify(token)).issuedAt()).isEqualTo(then.instant());
    assertThat(codeOf(later.verify(token))).isEqualTo(RejectCode.EXPIRED);
  }

  @Test
  void refusesWhenItsClockFails() {
    InstantSource broken = () -> {
      throw new IllegalStateException("no time");
    };
    JwtVerifier verifier = Tokens.verifier().clock(broken).build();

    assertThat(codeOf(verifier.verify(signed(HEADER, CLAIMS)))).isEqualTo(RejectCode.UNAVAILABLE);
  }

  @Test
  void issuesByItsClock() {
    TokenIssuer issuer =
        Tokens.issuer().clock(clock).timeToLive(Duration.ofSeconds(10)).build();
    clock.advance(Duration.ofMillis(1999));

    IssuedToken token = issuer.issue("user123");

    Principal principal =
        Tokens.principalOf(Tokens.verifier().clock(clock).build().verify(token.value()));
    assertThat(principal.issuedAt().getEpochSecond()).isEqualTo(NOW + 1);
    assertThat(principal.expiresAt().getEpochSecond()).isEqualTo(NOW + 11);
  }
}
