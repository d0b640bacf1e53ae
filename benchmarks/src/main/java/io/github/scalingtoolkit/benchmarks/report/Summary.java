package io.github.scalingtoolkit.benchmarks.report;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/**
 * One figure of one cell over its rounds: of each round the first run that counts, and of these the median, never the
 * best.
 *
 * @param values what counts, one a round, ascending
 * @param rounds how many rounds the session was to have: one that was never run does not count
 * @param refusal why the last refused run was, or empty
 */
public record Summary(List<Double> values, long rounds, String refusal) {

  /** Sums up {@code figure} of {@code cell}. */
  static Summary of(
      Results results, Cell cell, ToDoubleFunction<Run> figure, Function<Run, String> refused) {
    List<Run> runs =
        results.runs().stream().filter(run -> run.cell().equals(cell)).toList();
    double[] values = runs.stream()
        .mapToInt(Run::round)
        .distinct()
        .mapToObj(round -> runs.stream()
            .filter(run -> run.round() == round && refused.apply(run).isEmpty())
            .findFirst())
        .flatMap(Optional::stream)
        .mapToDouble(figure)
        .sorted()
        .toArray();
    String refusal = runs.stream()
        .map(refused)
        .filter(reason -> !reason.isEmpty())
        .reduce((first, last) -> last)
        .orElse("");
    return new Summary(Arrays.stream(values).boxed().toList(), results.rounds(), refusal);
  }

  /** Returns answers a second of {@code cell}. */
  public static Summary perSecond(Results results, Cell cell) {
    return of(results, cell, Run::perSecond, Run::refusedThroughput);
  }

  /** Returns CPU microseconds of the service for an answer of {@code cell}. */
  public static Summary cpu(Results results, Cell cell) {
    return of(results, cell, Run::cpuMicros, Run::refusedCpu);
  }

  /** Returns MiB that are resident of the service under the load of {@code cell}. */
  public static Summary memory(Results results, Cell cell) {
    return of(results, cell, Run::rssMiB, Run::refusedMemory);
  }

  /** Tells whether the median means something: at least two thirds of the rounds counted. */
  public boolean counts() {
    return !values.isEmpty() && values.size() * 3L >= rounds * 2;
  }

  /** Returns why it does not count; empty if there was no run at all. */
  public String reason() {
    return values.isEmpty() || !refusal.isEmpty()
        ? refusal
        : values.size() + " of " + rounds + " rounds were run";
  }

  /** Returns the median; only if it counts. */
  public double median() {
    int middle = values.size() / 2;
    return values.size() % 2 == 1
        ? values.get(middle)
        : (values.get(middle - 1) + values.get(middle)) / 2;
  }

  /** Returns the least. */
  public double low() {
    return values.get(0);
  }

  /** Returns the most. */
  public double high() {
    return values.get(values.size() - 1);
  }
}
