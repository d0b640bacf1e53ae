package io.github.scalingtoolkit.benchmarks.report;

import java.util.List;

/**
 * The Universal Scalability Law: N processes answer {@code lambda N / (1 + sigma (N - 1) + kappa N (N - 1))} times a
 * second. Fitted by least squares of the rates, with neither coefficient below 0: a negative one would promise more than
 * N times one process.
 *
 * @param lambda answers a second of one process
 * @param sigma what cannot be shared out: contention
 * @param kappa what processes cost each other: coherence
 */
public record ScalingLaw(double lambda, double sigma, double kappa) {
  private static final int STEPS = 200;
  private static final int LEAST_POINTS = 3;

  /** What {@code processes} processes answered a second. */
  public record Point(int processes, double perSecond) {}

  /**
   * Fits it.
   *
   * @throws IllegalArgumentException if there are fewer than three points
   */
  public static ScalingLaw fit(List<Point> points) {
    if (points.size() < LEAST_POINTS) {
      throw new IllegalArgumentException(
          "points must be " + LEAST_POINTS + " at least but were " + points.size());
    }
    ScalingLaw best = fit(points, false, false);
    for (boolean[] free : new boolean[][] {{true, false}, {false, true}, {true, true}}) {
      ScalingLaw law = fit(points, free[0], free[1]);
      if (law.sigma >= 0 && law.kappa >= 0 && law.error(points) < best.error(points)) {
        best = law;
      }
    }
    return best;
  }

  /** Returns what it expects of {@code processes} processes. */
  public double at(double processes) {
    return lambda * processes / divisor(processes);
  }

  /** Returns by how much {@code point} is off what it expects, as a share of what was measured. */
  public double missesBy(Point point) {
    return Math.abs(at(point.processes()) / point.perSecond() - 1);
  }

  /** Fits by Gauss and Newton's method with halved steps, from lambda alone. */
  private static ScalingLaw fit(List<Point> points, boolean freeSigma, boolean freeKappa) {
    double lambda = points.stream()
        .mapToDouble(point -> point.perSecond() / point.processes())
        .max()
        .orElseThrow();
    ScalingLaw law = new ScalingLaw(lambda, 0, 0);
    for (int step = 0; step < STEPS; step++) {
      double[] change = law.change(points, freeSigma, freeKappa);
      double part = 1;
      ScalingLaw next = law.moved(change, part);
      while (!(next.error(points) <= law.error(points)) && part > 1e-9) {
        part /= 2;
        next = law.moved(change, part);
      }
      if (part <= 1e-9) {
        return law;
      }
      law = next;
    }
    return law;
  }

  private ScalingLaw moved(double[] change, double part) {
    return new ScalingLaw(
        lambda + part * change[0], sigma + part * change[1], kappa + part * change[2]);
  }

  private double error(List<Point> points) {
    return points.stream()
        .mapToDouble(point -> {
          double off = point.perSecond() - at(point.processes());
          return off * off;
        })
        .sum();
  }

  /** Solves the normal equations of the residuals' derivatives; a coefficient that is not free does not change. */
  private double[] change(List<Point> points, boolean freeSigma, boolean freeKappa) {
    double[][] normal = new double[3][4];
    for (Point point : points) {
      double n = point.processes();
      double divisor = divisor(n);
      double[] slope = {
        n / divisor,
        freeSigma ? -lambda * n * (n - 1) / (divisor * divisor) : 0,
        freeKappa ? -lambda * n * n * (n - 1) / (divisor * divisor) : 0
      };
      double off = point.perSecond() - at(n);
      for (int i = 0; i < 3; i++) {
        for (int j = 0; j < 3; j++) {
          normal[i][j] += slope[i] * slope[j];
        }
        normal[i][3] += slope[i] * off;
      }
    }
    normal[1][1] += freeSigma ? 0 : 1;
    normal[2][2] += freeKappa ? 0 : 1;
    return solved(normal);
  }

  private static double[] solved(double[][] rows) {
    for (int column = 0; column < 3; column++) {
      int pivot = column;
      for (int row = column + 1; row < 3; row++) {
        if (Math.abs(rows[row][column]) > Math.abs(rows[pivot][column])) {
          pivot = row;
        }
      }
      double[] moved = rows[column];
      rows[column] = rows[pivot];
      rows[pivot] = moved;
      if (rows[column][column] == 0) {
        return new double[3];
      }
      for (int row = 0; row < 3; row++) {
        double factor = row == column ? 0 : rows[row][column] / rows[column][column];
        for (int k = column; k < 4; k++) {
          rows[row][k] -= factor * rows[column][k];
        }
      }
    }
    return new double[] {rows[0][3] / rows[0][0], rows[1][3] / rows[1][1], rows[2][3] / rows[2][2]};
  }

  private double divisor(double n) {
    return 1 + sigma * (n - 1) + kappa * n * (n - 1);
  }
}
