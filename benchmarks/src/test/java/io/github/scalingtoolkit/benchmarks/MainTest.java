package io.github.scalingtoolkit.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MainTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "benchmark",
        "audit now",
        "verify",
        "verify ftp://host",
        "verify http://127.0.0.1:1 --level half",
        "smoke --rows tent",
        "quick --rows single",
        "ratios --rows single",
        "builds",
        "builds --before /nowhere/benchmarks.jar",
        "load http://127.0.0.1:1 --seconds",
        "load http://127.0.0.1:1 --seconds 0",
        "load http://127.0.0.1:1 --fast",
        "load http://127.0.0.1:1 --wrk --rate 100",
        "load http://127.0.0.1:1 --pid 2147483647"
      })
  void aCommandLineThatCannotBeObeyedIsExitCodeTwo(String line) throws Exception {
    List<String> words = line.isEmpty() ? List.of() : List.of(line.split(" "));

    assertThat(Main.run(words)).isEqualTo(2);
  }

  @ParameterizedTest
  @ValueSource(strings = {"-h", "--help", "help", "load --help", "quick -h"})
  void helpIsPrintedAndNothingIsRun(String line) throws Exception {
    assertThat(Main.run(List.of(line.split(" ")))).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"load http://127.0.0.1:1 --warm 1", "report /nowhere/at/all"})
  void whatCannotBeDoneIsExitCodeOneAndNoStackTrace(String line) throws Exception {
    assertThat(Main.run(List.of(line.split(" ")))).isEqualTo(1);
  }

  @Test
  void theAuditPrints() throws Exception {
    assertThat(Main.run(List.of("audit"))).isZero();
  }

  @Test
  void anOptionOutOfItsRangeIsNamedWithTheRange() {
    Arguments arguments =
        Arguments.parse(List.of("--seconds", "9999"), Set.of("--seconds"), Set.of());

    assertThatThrownBy(() -> arguments.integer("--seconds", 5, 1, 3600))
        .isInstanceOf(UsageException.class)
        .hasMessage("--seconds must be 1 to 3600 but was '9999'");
  }
}
