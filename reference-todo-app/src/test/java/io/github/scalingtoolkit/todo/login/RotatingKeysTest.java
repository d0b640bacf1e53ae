package io.github.scalingtoolkit.todo.login;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.scalingtoolkit.auth.Algorithm;
import io.github.scalingtoolkit.auth.JwtVerifier;
import io.github.scalingtoolkit.auth.TokenIssuer;
import io.github.scalingtoolkit.auth.Verification;
import io.github.scalingtoolkit.core.settings.RotatingSecret;
import io.github.scalingtoolkit.core.settings.Secret;
import io.github.scalingtoolkit.core.time.ManualClock;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RotatingKeysTest {
  private static final Duration LIFE = Duration.ofHours(1);
  private static final String OLD = "first-secret-of-at-least-32-bytes!";
  private static final String NEW = "second-secret-of-at-least-32-bytes";
  private static final int PROCESSES = 3;

  private final ManualClock clock = ManualClock.startingAt(Instant.parse("2026-01-01T00:00:00Z"));

  @TempDir
  Path directory;

  /** A process: its own copy of the text, as long as a change takes to reach it. */
  private final class Process {
    private final Path file;
    private RotatingKeys keys;

    Process(int number, String text) {
      file = directory.resolve("jwt-" + number);
      write(text);
      keys = started();
    }

    void reachedBy(String text) {
      write(text);
      keys.look();
    }

    void restart() {
      keys = started();
    }

    private RotatingKeys started() {
      return new RotatingKeys(Algorithm.HS256, "i", RotatingSecret.of(file));
    }

    private void write(String text) {
      try {
        Files.writeString(file, text);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    String token() {
      return TokenIssuer.builder()
          .issuer("i")
          .audience("a")
          .keys(keys)
          .timeToLive(LIFE)
          .clock(clock::now)
          .build()
          .issue("someone")
          .value();
    }

    boolean takes(String token) {
      return JwtVerifier.builder()
              .issuer("i")
              .audience("a")
              .keys(keys)
              .clock(clock::now)
              .build()
              .verify(token)
          instanceof Verification.Verified;
    }
  }

  private List<Process> processes(String text) {
    List<Process> processes = new ArrayList<>();
    for (int i = 0; i < PROCESSES; i++) {
      processes.add(new Process(i, text));
    }
    return processes;
  }

  /** Has every process issue a token, and every process take all tokens so far that are in their time. */
  private void issueAndCheck(List<Process> processes, List<String> tokens) {
    processes.forEach(process -> tokens.add(process.token()));
    for (Process process : processes) {
      assertThat(tokens).allSatisfy(token -> assertThat(process.takes(token)).isTrue());
    }
  }

  @Test
  void noGoodTokenIsRefusedInWhateverOrderAStepReachesTheProcesses() {
    for (List<Integer> order : orders()) {
      List<Process> processes = processes(OLD);
      List<String> tokens = new ArrayList<>();
      issueAndCheck(processes, tokens);

      for (String step : List.of(OLD + "\n" + NEW, NEW + "\n" + OLD, NEW)) {
        if (step.equals(NEW)) {
          clock.advance(LIFE.plusMinutes(2));
          tokens.clear();
        }
        for (int reached : order) {
          processes.get(reached).reachedBy(step);
          issueAndCheck(processes, tokens);
        }
      }
      assertThat(processes.get(0).keys.ids()).hasSize(1);
    }
  }

  @Test
  void aProcessStartedInTheMiddleOfAStepAndARollbackRefuseNoGoodToken() {
    List<Process> processes = processes(OLD);
    List<String> tokens = new ArrayList<>();
    String added = OLD + "\n" + NEW;
    String swapped = NEW + "\n" + OLD;

    for (String step : List.of(added, OLD, added, swapped, added, swapped)) {
      for (Process process : processes) {
        process.reachedBy(step);
        process.restart();
        issueAndCheck(processes, tokens);
      }
    }
  }

  @Test
  void theFirstSignsTheOthersVerifyAndIdsAndAGaugeTellWhich() {
    Process process = new Process(0, OLD);
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    process.keys.bindTo(meters);
    String old = process.keys.ids().get(0);

    process.reachedBy(NEW + "\n\n" + OLD + "\n");

    assertThat(process.keys.ids()).hasSize(2).last().isEqualTo(old);
    String signs = process.keys.ids().get(0);
    assertThat(process.keys.current().active().id()).isEqualTo(signs);
    assertThat(meters
            .get("toolkit.todo.keys")
            .tags("key", signs, "use", "signs")
            .gauge()
            .value())
        .isOne();
    assertThat(meters
            .get("toolkit.todo.keys")
            .tags("key", old, "use", "verifies")
            .gauge()
            .value())
        .isOne();
    process.reachedBy(NEW);
    assertThat(meters.find("toolkit.todo.keys").gauges()).hasSize(1);
  }

  @Test
  void aTextThatCannotBeInForceChangesNothing() throws IOException {
    Process process = new Process(0, OLD);
    List<String> before = process.keys.ids();

    for (String unfit : List.of("short", OLD + "\nshort", OLD + "\n" + OLD, "")) {
      process.reachedBy(unfit);
    }
    Files.delete(process.file);
    process.keys.look();

    assertThat(process.keys.ids()).isEqualTo(before);
    process.reachedBy(NEW);
    assertThat(process.keys.ids()).hasSize(1).isNotEqualTo(before);
  }

  @Test
  void theIdOfAKeyIsMadeOfTheKeyAndTheIssuer() {
    String id = id("i", OLD);

    assertThat(id).isEqualTo(id("i", OLD)).matches("[A-Za-z0-9_-]{16}");
    assertThat(id("j", OLD)).isNotEqualTo(id);
    assertThat(id("i", NEW)).isNotEqualTo(id);
  }

  @Test
  void saysWhichSecretIsUnfitAndShowsNone() {
    String five = String.join("\n", OLD, NEW, OLD + "3", OLD + "4", OLD + "5");

    assertUnfit(five, "must hold 1 to 4 secrets, one a line, but has 5");
    assertUnfit("\n \n", "must hold 1 to 4 secrets, one a line, but has 0");
    assertUnfit(OLD + "\nshort", "secret 2 of 2 must have at least 32 bytes for HS256 but has 5");
    assertUnfit(
        OLD + "\n" + NEW + "\n" + OLD,
        "secret 3 of 3 must differ from the others but equals secret 1");
  }

  private static void assertUnfit(String text, String message) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SigningKeys.read(Algorithm.HS256, "i", Secret.of(text)))
        .withMessage(message);
  }

  private static String id(String issuer, String secret) {
    return SigningKeys.read(Algorithm.HS256, issuer, Secret.of(secret)).get(0).id();
  }

  private static List<List<Integer>> orders() {
    List<List<Integer>> orders = new ArrayList<>();
    List<Integer> order = new ArrayList<>(List.of(0, 1, 2));
    for (int i = 0; i < 6; i++) {
      orders.add(List.copyOf(order));
      Collections.swap(order, i % 2, i % 2 + 1);
    }
    return orders;
  }

  @Test
  void aSecretWithoutAFileStaysAndNeedsNoThread() {
    try (RotatingKeys keys =
        RotatingKeys.start(Algorithm.HS256, "i", RotatingSecret.of(Secret.of(OLD)))) {
      keys.look();

      assertThat(keys.current().keys()).hasSize(1);
    }
  }
}
