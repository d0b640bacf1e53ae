package io.github.scalingtoolkit.benchmarks.load;

import java.util.Locale;
import java.util.Optional;

/**
 * Whether a figure of a run may be printed. Refused figures are shown by their reason: a number that does not mean what
 * it seems to mean is worse than none.
 *
 * <ul>
 *   <li>any wrong answer refuses all figures
 *   <li>{@value #OFFERED_BOUND} of the offered requests must be answered (open model), else SATURATED
 *   <li>throughput and latency: rate x mean latency must be the requests under way, within {@value #LITTLE_BOUND}
 *       (closed model); the halves of the time must agree within {@value #HALVES_BOUND}, by the medians of their slices
 *       ({@link Halves}); the generator may use
 *       {@value #CLIENT_BOUND} of its core, else they are its own and not the server's
 *   <li>CPU for an answer: the halves must agree in it within {@value #HALVES_BOUND}. A machine that others use too, or a
 *       generator at its limit, changes how many answers there are and hardly what one costs
 *   <li>memory: nothing besides
 * </ul>
 */
public final class Validity {
  static final double LITTLE_BOUND = 0.05;
  static final double HALVES_BOUND = 0.05;
  static final double OFFERED_BOUND = 0.99;
  static final double CLIENT_BOUND = 0.80;

  private static final String NOT_WATCHED = "NOT RUN: no process was watched";

  private Validity() {}

  /** Returns why {@code figure} of {@code measured} must not be printed, or empty if it may. */
  public static Optional<String> refusal(Measured measured, Figure figure) {
    LoadResult run = measured.result();
    if (run.errors() > 0) {
      return Optional.of(
          "INVALID: " + run.errors() + " wrong answers, the first: " + run.firstError());
    }
    if (run.answered() == 0) {
      return Optional.of("INVALID: nothing was answered");
    }
    if (run.model() instanceof Model.Open && run.answered() < OFFERED_BOUND * run.offered()) {
      return refused(
          "SATURATED: %.1f %% of the offered requests were answered",
          100.0 * run.answered() / run.offered());
    }
    return switch (figure) {
      case THROUGHPUT, LATENCY -> ofRun(run);
      case CPU -> ofCpu(measured);
      case MEMORY -> measured.usage().isEmpty() ? Optional.of(NOT_WATCHED) : Optional.empty();
    };
  }

  private static Optional<String> ofRun(LoadResult run) {
    int connections = run.model().connections();
    double little = run.inFlightByLittle();
    if (run.model() instanceof Model.Closed
        && Math.abs(little - connections) > LITTLE_BOUND * connections) {
      return refused(
          "INVALID: rate x latency is %.1f where %d requests were under way", little, connections);
    }
    if (Double.isInfinite(run.halvesDiffer())) {
      return Optional.of("INVALID: parts of the run have no answer");
    }
    if (run.halvesDiffer() > HALVES_BOUND) {
      return refused("INVALID: the halves differ by %.1f %%", 100 * run.halvesDiffer());
    }
    if (run.clientShare() > CLIENT_BOUND) {
      return refused(
          "CLIENT-BOUND: the generator used %.0f %% of its core", 100 * run.clientShare());
    }
    return Optional.empty();
  }

  private static Optional<String> ofCpu(Measured measured) {
    if (measured.cpuMicros().isEmpty()) {
      return Optional.of(NOT_WATCHED);
    }
    double differ = measured.cpuHalvesDiffer();
    if (Double.isInfinite(differ)) {
      return Optional.of("INVALID: parts of the run have no answer or show no CPU");
    }
    return differ > HALVES_BOUND
        ? refused("INVALID: the halves differ by %.1f %% in CPU a request", 100 * differ)
        : Optional.empty();
  }

  private static Optional<String> refused(String format, Object... values) {
    return Optional.of(String.format(Locale.ROOT, format, values));
  }
}
