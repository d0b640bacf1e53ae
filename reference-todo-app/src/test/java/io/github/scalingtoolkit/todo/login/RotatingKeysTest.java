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
  private static final String ADDED = OLD + "\n" + NEW;
  private static final String SWAPPED = NEW + "\n" + OLD;
  private static final int PROCESSES = 3;

  private final ManualClock clock = ManualClock.startingAt(Instant.parse("2026-01-01T00:00:00Z"));

  @TempDir
  Path directory;

  /** A process: its own copy of the text, as long as a change takes to reach it. */
  private final class Process {
    private final Path file;
    private RotatingKeys keys;
    /** One for its life, so that what it remembers of tokens is looked at too. */
    private JwtVerifier verifier;

    Process(int number, String text) {
      file = directory.resolve("jwt-" + number);
      write(text);
      restart();
    }

    void reachedBy(String text) {
      write(text);
      keys.look();
    }

    void restart() {
      keys = new RotatingKeys(Algorithm.HS256, "i", RotatingSecret.of(file));
      verifier = JwtVerifier.builder()
          .issuer("i")
          .audience("a")
          .keys(keys)
          .clock(clock::now)
          .cache(10_000, Duration.ofSeconds(60))
          .build();
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
      return verifier.verify(token) instanceof Verification.Verified;
    }
  }

  /** A token, and how long it is good. */
  private record Issued(String token, Instant until) {}

  /** Three processes, one that is started now and then, and all tokens that are still good. */
  private final class Fleet {
    private final List<Process> processes = new ArrayList<>();
    private final Process latecomer;
    private final List<Issued> tokens = new ArrayList<>();

    Fleet() {
      for (int i = 0; i < PROCESSES; i++) {
        processes.add(new Process(i, OLD));
      }
      latecomer = new Process(PROCESSES, OLD);
      issueAndCheck(processes);
    }

    /**
     * Lets {@code step} reach the processes in this order, five minutes apart. Between two of them a further process is started,
     * with the text of before, and then with the new one.
     */
    void take(String before, String step, List<Integer> order) {
      for (int reached : order) {
        clock.advance(Duration.ofMinutes(5));
        processes.get(reached).reachedBy(step);
        issueAndCheck(processes);
        for (String text : List.of(before, step)) {
          latecomer.reachedBy(text);
          latecomer.restart();
          List<Process> all = new ArrayList<>(processes);
          all.add(latecomer);
          issueAndCheck(all);
        }
      }
    }

    /** Has each issue a token, and each take all tokens so far that are in their time. */
    private void issueAndCheck(List<Process> all) {
      tokens.removeIf(issued -> !clock.now().isBefore(issued.until()));
      all.forEach(one -> tokens.add(new Issued(one.token(), clock.now().plus(LIFE))));
      for (Process process : all) {
        assertThat(tokens).allMatch(issued -> process.takes(issued.token()));
      }
    }
  }

  @Test
  void noGoodTokenIsRefusedInWhateverOrderAStepReachesTheProcesses() {
    for (List<Integer> order : orders()) {
      Fleet fleet = new Fleet();

      fleet.take(OLD, ADDED, order);
      fleet.take(ADDED, SWAPPED, order);
      // The old secret signs no more. Its last token ends, and clocks may differ by two minutes.
      clock.advance(LIFE.plusMinutes(2));
      fleet.take(SWAPPED, NEW, order);

      assertThat(fleet.processes.get(0).keys.ids()).hasSize(1);
    }
  }

  @Test
  void takingTheFirstOrTheSecondStepBackRefusesNoGoodTokenEither() {
    List<List<Integer>> orders = orders();
    for (int i = 0; i < orders.size(); i++) {
      List<Integer> there = orders.get(i);
      List<Integer> back = orders.get((i + 3) % orders.size());
      Fleet fleet = new Fleet();

      fleet.take(OLD, ADDED, there);
      fleet.take(ADDED, OLD, back);
      fleet.take(OLD, ADDED, there);
      fleet.take(ADDED, SWAPPED, there);
      fleet.take(SWAPPED, ADDED, back);

      assertThat(fleet.processes.get(0).keys.ids()).hasSize(2);
    }
  }

  @Test
  void aStepTakenBeforeTheOneBeforeHasReachedAllRefusesTokens() {
    Fleet fleet = new Fleet();
    fleet.processes.get(0).reachedBy(ADDED);

    fleet.processes.get(0).reachedBy(SWAPPED);

    assertThat(fleet.processes.get(1).takes(fleet.processes.get(0).token())).isFalse();
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
