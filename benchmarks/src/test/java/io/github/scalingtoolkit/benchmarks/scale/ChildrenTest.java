package io.github.scalingtoolkit.benchmarks.scale;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.github.scalingtoolkit.benchmarks.Companion;
import io.github.scalingtoolkit.testing.Await;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ChildrenTest {
  private static final List<String> LONG = List.of("sleep", "600");

  @TempDir
  private Path logs;

  /** Starts a child with a child of its own, tells their ids and then does nothing. */
  static final class Parent {
    public static void main(String[] args) throws Exception {
      Children children = new Children(Path.of(args[0]));
      Child child =
          children.start("shell", List.of("sh", "-c", "sleep 600 & echo $!; wait"), Map.of());
      String under = child.awaitLine(line -> line.isBlank() ? null : line, Duration.ofSeconds(30));
      System.out.println(child.pid() + " " + under);
      Thread.sleep(Duration.ofMinutes(10).toMillis());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"INT", "TERM"})
  void aSignalEndsEveryChildAndAllUnderIt(String signal) throws Exception {
    endedBy(signal, Parent.class);
  }

  private void endedBy(String signal, Class<?> main) throws Exception {
    assumeFalse(
        signal.equals("INT") && interruptIsIgnored(),
        "NOT RUN: Ctrl-C: it is ignored, since this was started in the background");
    Process parent = new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            main.getName(),
            logs.toString())
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
    try (BufferedReader printed = parent.inputReader()) {
      String[] pids = printed.readLine().split(" ");
      ProcessHandle child = ProcessHandle.of(Long.parseLong(pids[0])).orElseThrow();
      ProcessHandle under = ProcessHandle.of(Long.parseLong(pids[1])).orElseThrow();

      send(signal, parent);

      Await.until("the parent has ended", () -> !parent.isAlive());
      Await.until("the child has ended", () -> !child.isAlive());
      Await.until("what was under it has ended", () -> !under.isAlive());
    } finally {
      parent.destroyForcibly();
    }
  }

  /** Starts a companion with a process under it, tells their ids and waits for it. */
  static final class Waiting {
    public static void main(String[] args) throws Exception {
      ProcessBuilder builder =
          new ProcessBuilder("sh", "-c", "sleep 600 & echo $$ $!; wait").redirectErrorStream(true);
      try (Companion companion = Companion.start(builder)) {
        System.out.println(companion.process().inputReader().readLine());
        companion.process().waitFor();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"INT", "TERM"})
  void aSignalEndsACompanionAndAllUnderIt(String signal) throws Exception {
    endedBy(signal, Waiting.class);
  }

  private static void send(String signal, Process process) throws Exception {
    Process kill = new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid())).start();
    assertThat(kill.waitFor()).isZero();
  }

  /** A shell's background job is started so, and all that it starts. */
  private static boolean interruptIsIgnored() throws IOException {
    Path status = Path.of("/proc/self/status");
    if (!Files.exists(status)) {
      return false;
    }
    return Files.readAllLines(status).stream()
        .filter(line -> line.startsWith("SigIgn:"))
        .anyMatch(line -> (Long.parseUnsignedLong(line.substring(7).strip(), 16) & 2) != 0);
  }

  @Test
  void closingEndsAllAndNothingIsStartedAfterwards() throws Exception {
    Children children = new Children(logs);
    Child first = children.start("first", LONG, Map.of());
    Child second = children.start("second", LONG, Map.of());

    children.close();

    assertThat(first.runs()).isFalse();
    assertThat(second.runs()).isFalse();
    assertThatThrownBy(() -> children.start("third", LONG, Map.of()))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("third is not started");
  }

  @Test
  void aChildThatEndsBeforeItSaysWhatIsAwaitedTellsWhatItSaid() throws Exception {
    try (Children children = new Children(logs)) {
      Child child =
          children.start("dies", List.of("sh", "-c", "echo no such role; exit 2"), Map.of());

      assertThatThrownBy(() -> child.awaitLine(
              line -> line.startsWith("ready") ? line : null, Duration.ofSeconds(30)))
          .isInstanceOf(IOException.class)
          .hasMessage("dies ended with 2: no such role");
    }
  }
}
