package io.github.scalingtoolkit.benchmarks.load;

import java.util.Locale;
import java.util.Optional;

/**
 * Whether a figure of a run may be printed. Refused figures are shown by their reason: a number that does not mean what
 * it seems to mean is worse than none.
 *
 * <ul>
 *   <li>any wrong answer refuses all figures
 *   <li>rate x mean latency must be the requests under way, within {@value #LITTLE_BOUND} (closed model)
 *   <li>the two halves must agree within {@value #HALVES_BOUND}
 *   <li>{@value #OFFERED_BOUND} of the offered requests must be answered (open model), else SATURATED
 *   <li>the generator may use {@value #CLIENT_BOUND} of its core, else throughput and latency are its own and not the
 *       server's; what the server's processes used for an answer stands
 * </ul>
 */
public final class Validity {
  static final double LITTLE_BOUND = 0.05;
  static final double HALVES_BOUND = 0.05;
  static final double OFFERED_BOUND = 0.99;
  static final double CLIENT_BOUND = 0.80;

  private Validity() {}

  /** Returns why {@code figure} of {@code run} must not be printed, or empty if it may. */
  public static Optional<String> refusal(LoadResult run, Figure figure) {
    if (run.errors() > 0) {
      return Optional.of(
          "INVALID: " + run.errors() + " wrong answers, the first: " + run.firstError());
    }
    if (run.answered() == 0) {
      return Optional.of("INVALID: nothing was answered");
    }
    if (run.model() instanceof Model.Closed) {
      double little = run.inFlightByLittle();
      double off = Math.abs(little - run.model().connections()) / run.model().connections();
      if (off > LITTLE_BOUND) {
        return refused(
            "INVALID: rate x latency is %.1f where %d requests were under way",
            little, run.model().connections());
      }
    } else if (run.answered() < OFFERED_BOUND * run.offered()) {
      return refused(
          "SATURATED: %.1f %% of the offered requests were answered",
          100.0 * run.answered() / run.offered());
    }
    if (run.halvesDiffer() > HALVES_BOUND) {
      return refused("INVALID: the halves differ by %.1f %%", 100 * run.halvesDiffer());
    }
    if (figure != Figure.CPU && run.clientShare() > CLIENT_BOUND) {
      return refused(
          "CLIENT-BOUND: the generator used %.0f %% of its core", 100 * run.clientShare());
    }
    return Optional.empty();
  }

  private static Optional<String> refused(String format, Object... values) {
    return Optional.of(String.format(Locale.ROOT, format, values));
  }
}
