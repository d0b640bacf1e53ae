package io.github.scalingtoolkit.benchmarks.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;

class ScalingLawTest {
  /** The measurements and the coefficients of the Cisco example in Baron Schwartz, Practical Scalability Analysis. */
  private static final double[] CISCO = {
    955.16, 1878.91, 2688.01, 3548.68, 4315.54, 5130.43, 5931.37, 6531.08, 7219.8, 7867.61, 8278.71,
    8646.7, 9047.84, 9426.55, 9645.37, 9897.24, 10097.6, 10240.5, 10532.39, 10798.52, 11151.43,
    11518.63, 11806, 12089.37, 12075.41, 12177.29, 12211.41, 12158.93, 12155.27, 12118.04, 12140.4,
    12074.39
  };

  private static final Percentage CLOSE = Percentage.withPercentage(0.02);

  @Test
  void theBooksExampleGivesTheBooksCoefficients() {
    ScalingLaw law = ScalingLaw.fit(points(CISCO));

    assertThat(law.lambda()).isCloseTo(995.6486, CLOSE);
    assertThat(law.sigma()).isCloseTo(0.02671591, CLOSE);
    assertThat(law.kappa()).isCloseTo(7.690945e-4, CLOSE);
  }

  @Test
  void moreThanNTimesOneIsNotPromisedBeyondWhatWasMeasured() {
    ScalingLaw law = ScalingLaw.fit(points(100, 220, 340, 460));

    assertThat(law.sigma()).isZero();
    assertThat(law.kappa()).isZero();
    assertThat(law.at(6)).isCloseTo(6 * law.lambda(), within(1e-9));
  }

  @Test
  void pointsOfALawGiveThatLaw() {
    ScalingLaw known = new ScalingLaw(500, 0.05, 0.01);

    ScalingLaw law = ScalingLaw.fit(points(known.at(1), known.at(2), known.at(3), known.at(4)));

    assertThat(law.missesBy(new ScalingLaw.Point(6, known.at(6)))).isLessThan(1e-6);
  }

  @Test
  void twoPointsAreTooFew() {
    assertThatThrownBy(() -> ScalingLaw.fit(points(100, 200)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("points must be 3 at least but were 2");
  }

  private static List<ScalingLaw.Point> points(double... rates) {
    List<ScalingLaw.Point> points = new ArrayList<>();
    for (double rate : rates) {
      points.add(new ScalingLaw.Point(points.size() + 1, rate));
    }
    return points;
  }
}
