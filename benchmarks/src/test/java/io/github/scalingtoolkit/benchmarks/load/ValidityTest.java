package io.github.scalingtoolkit.benchmarks.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
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
    assertThat(refusal(new Run().inSlices(480, 520), Figure.THROUGHPUT))
        .get()
        .asString()
        .startsWith("INVALID: the halves differ by 8.3 %");
  }

  @Test
  void aMomentInWhichTheMachineWasTakenAwaySpoilsNothing() {
    Run stolen = new Run().oneSlice(7, 250, 600);

    assertThat(refusal(stolen, Figure.THROUGHPUT)).isEmpty();
    assertThat(refusal(stolen, Figure.CPU)).isEmpty();
  }

  @Test
  void anAnswerThatCostsMoreInOneHalfThanInTheOtherHasNoCost() {
    Run warming = new Run().cpuMillis(240, 200);

    assertThat(refusal(warming, Figure.CPU))
        .get()
        .asString()
        .isEqualTo("INVALID: the halves differ by 20.0 % in CPU a request");
    assertThat(refusal(warming, Figure.THROUGHPUT)).isEmpty();
  }

  @Test
  void aBusyMachineThatSpoilsTheRateLeavesTheCostOfAnAnswer() {
    Run slower = new Run().inSlices(600, 400).cpuMillis(240, 160);

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
    private final long[] slices = new long[Generator.SLICES];
    private long errors;
    private long latencyMillis = 10;
    private Duration clientCpu = Duration.ofSeconds(1);
    private final long[] cpuMillis = new long[Generator.SLICES];

    Run() {
      inSlices(500, 500);
      cpuMillis(200, 200);
    }

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

    /** Answers in each slice of the first half, and of the second. */
    Run inSlices(long first, long second) {
      Arrays.fill(slices, 0, slices.length / 2, first);
      Arrays.fill(slices, slices.length / 2, slices.length, second);
      return this;
    }

    Run oneSlice(int slice, long answers, long cpu) {
      slices[slice] = answers;
      cpuMillis[slice] = cpu;
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

    /** CPU time of each slice of the first half, and of the second. */
    Run cpuMillis(long first, long second) {
      Arrays.fill(cpuMillis, 0, cpuMillis.length / 2, first);
      Arrays.fill(cpuMillis, cpuMillis.length / 2, cpuMillis.length, second);
      return this;
    }

    Measured measured() {
      List<ProcUsage> usage = new ArrayList<>();
      long used = 0;
      usage.add(new ProcUsage(used, 1, 1));
      for (long millis : cpuMillis) {
        used += millis;
        usage.add(new ProcUsage(used, 1, 1));
      }
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
          Arrays.stream(slices).boxed().toList(),
          errors,
          errors > 0 ? "status 500" : "",
          nanos,
          nanos,
          clientCpu);
    }
  }
}
