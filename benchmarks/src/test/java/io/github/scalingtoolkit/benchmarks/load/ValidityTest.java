package io.github.scalingtoolkit.benchmarks.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;

class ValidityTest {
  private static final Model CLOSED = new Model.Closed(10);
  private static final Model OPEN = new Model.Open(1_000, 10);

  @Test
  void aSoundRunCountsInEveryFigure() {
    for (Figure figure : Figure.values()) {
      assertThat(refusal(new Run(), figure)).isEmpty();
    }
  }

  @Test
  void oneWrongAnswerSpoilsEveryFigure() {
    for (Figure figure : Figure.values()) {
      assertThat(refusal(new Run().errors(1), figure)).get().asString().contains("1 wrong answers");
    }
  }

  @Test
  void ratesAndLatenciesThatContradictLittlesLawAreRefused() {
    assertThat(refusal(new Run().latencyMillis(5), Figure.THROUGHPUT))
        .get()
        .asString()
        .isEqualTo("INVALID: rate x latency is 5.0 where 10 requests were under way");
  }

  @Test
  void halvesThatDifferAreRefused() {
    assertThat(refusal(new Run().firstHalf(2_400), Figure.THROUGHPUT))
        .get()
        .asString()
        .startsWith("INVALID: the halves differ by 8.3 %");
  }

  @Test
  void anAnswerThatCostsMoreInOneHalfThanInTheOtherHasNoCost() {
    Run warming = new Run().cpuMillis(1_200, 1_000);

    assertThat(refusal(warming, Figure.CPU))
        .get()
        .asString()
        .isEqualTo("INVALID: the halves differ by 20.0 % in CPU a request");
    assertThat(refusal(warming, Figure.THROUGHPUT)).isEmpty();
  }

  @Test
  void aBusyMachineThatSpoilsTheRateLeavesTheCostOfAnAnswer() {
    Run slower = new Run().firstHalf(3_000).cpuMillis(1_200, 800);

    assertThat(refusal(slower, Figure.THROUGHPUT)).isPresent();
    assertThat(refusal(slower, Figure.CPU)).isEmpty();
  }

  @Test
  void aGeneratorAtItsLimitShowsItselfAndNotTheServer() {
    Run run = new Run().clientCpu(Duration.ofMillis(4_500));

    assertThat(refusal(run, Figure.THROUGHPUT)).get().asString().startsWith("CLIENT-BOUND");
    assertThat(refusal(run, Figure.LATENCY)).get().asString().startsWith("CLIENT-BOUND");
    assertThat(refusal(run, Figure.CPU)).isEmpty();
  }

  @Test
  void anOfferedRateThatIsNotMetIsSaturated() {
    assertThat(refusal(new Run().model(OPEN).offered(6_000), Figure.LATENCY))
        .get()
        .asString()
        .isEqualTo("SATURATED: 83.3 % of the offered requests were answered");
    assertThat(refusal(new Run().model(OPEN), Figure.LATENCY)).isEmpty();
  }

  @Test
  void aRunWithoutAnAnswerIsRefused() {
    assertThat(refusal(new Run().answered(0), Figure.CPU)).isPresent();
  }

  private static Optional<String> refusal(Run run, Figure figure) {
    return Validity.refusal(run.measured(), figure);
  }

  /** 5 s, 5,000 answers of 10 ms each, on 10 connections. */
  private static final class Run {
    private Model model = CLOSED;
    private long offered = 5_000;
    private long answered = 5_000;
    private long firstHalf = 2_500;
    private long errors;
    private long latencyMillis = 10;
    private Duration clientCpu = Duration.ofSeconds(1);
    private long[] cpuMillis = {0, 1_000, 2_000};

    Run model(Model other) {
      model = other;
      return this;
    }

    Run offered(long other) {
      offered = other;
      return this;
    }

    Run answered(long other) {
      answered = other;
      return this;
    }

    Run firstHalf(long other) {
      firstHalf = other;
      return this;
    }

    Run errors(long other) {
      errors = other;
      return this;
    }

    Run latencyMillis(long other) {
      latencyMillis = other;
      return this;
    }

    Run clientCpu(Duration other) {
      clientCpu = other;
      return this;
    }

    Run cpuMillis(long inFirst, long inSecond) {
      cpuMillis = new long[] {0, inFirst, inFirst + inSecond};
      return this;
    }

    Measured measured() {
      List<ProcUsage> usage =
          Arrays.stream(cpuMillis).mapToObj(cpu -> new ProcUsage(cpu, 1, 1)).toList();
      return new Measured(result(), usage);
    }

    private LoadResult result() {
      Histogram nanos = new Histogram(3);
      nanos.recordValueWithCount(latencyMillis * 1_000_000, Math.max(1, answered));
      return new LoadResult(
          model,
          Duration.ofSeconds(5),
          offered,
          answered,
          firstHalf,
          errors,
          errors > 0 ? "status 500" : "",
          nanos,
          nanos,
          clientCpu);
    }
  }
}
