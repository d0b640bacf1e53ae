package io.github.scalingtoolkit.todo.login;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.core.settings.Secret;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PasswordHasherTest {
  private final PasswordHasher hasher = new PasswordHasher();

  @Test
  void aPasswordFitsItsOwnHashAndNoOther() {
    String hash = hasher.hash(Secret.of("pässwörd"));

    assertThat(hasher.fits(Secret.of("pässwörd"), hash)).isTrue();
    assertThat(hasher.fits(Secret.of("passwort"), hash)).isFalse();
    assertThat(hasher.fits(Secret.of(""), hash)).isFalse();
    assertThat(hasher.fitsNobody(Secret.of("nobody has this password"))).isFalse();
  }

  @Test
  void twoHashesOfOnePasswordDifferAndShowNothingOfIt() {
    assertThat(hasher.hash(Secret.of("pass")))
        .isNotEqualTo(hasher.hash(Secret.of("pass")))
        .startsWith("$pbkdf2-sha256$i=600000$")
        .doesNotContain("pass$");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "pass",
        "$pbkdf2-sha256$i=0$YWFhYQ$YWFhYQ",
        "$pbkdf2-sha256$i=99999999$YWFhYQ$YWFhYQ",
        "$argon2id$v=19$m=19456,t=2,p=1$YWFhYQ$YWFhYQ"
      })
  void nothingFitsAHashItCannotRead(String hash) {
    assertThat(hasher.fits(Secret.of("pass"), hash)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "$2b$12$abcdefghijklmnopqrstuu", "$pbkdf2-sha256$i=0$YWFhYQ$YWFhYQ"})
  void aHashItCannotReadCostsAsMuchAsOneItCan(String unreadable) {
    hasher.fitsNobody(Secret.of("to warm up"));
    long readable = cost(() -> hasher.fitsNobody(Secret.of("pass")));

    assertThat(cost(() -> hasher.fits(Secret.of("pass"), unreadable))).isGreaterThan(readable / 2);
  }

  /** In time of the CPU, which others on the machine do not add to. */
  private static long cost(Runnable call) {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadCpuTime();
    call.run();
    return threads.getCurrentThreadCpuTime() - before;
  }
}
