package io.github.scalingtoolkit.core.settings;

import java.util.Collection;
import java.util.Locale;
import java.util.Optional;

/** Finds the setting that was probably meant by a misspelt name: by the Damerau-Levenshtein distance, with swapped neighbours. */
final class NearestKey {
  private static final int SHORT = 5;

  private NearestKey() {}

  /** Returns which of {@code keys} is nearly {@code written}, if one is: one mistake in short names, two in longer ones. */
  static Optional<String> of(String written, Collection<String> keys) {
    String plain = written.toUpperCase(Locale.ROOT).replace('.', '_').replace('-', '_');
    String nearest = null;
    int least = (plain.length() <= SHORT ? 1 : 2) + 1;
    for (String key : keys) {
      int slips = Math.abs(key.length() - plain.length()) >= least ? least : distance(plain, key);
      if (slips < least) {
        least = slips;
        nearest = key;
      }
    }
    return Optional.ofNullable(nearest);
  }

  private static int distance(String a, String b) {
    int[][] slips = new int[a.length() + 1][b.length() + 1];
    for (int i = 0; i <= a.length(); i++) {
      for (int j = 0; j <= b.length(); j++) {
        if (i == 0 || j == 0) {
          slips[i][j] = i + j;
          continue;
        }
        int other = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
        int least =
            Math.min(slips[i - 1][j - 1] + other, Math.min(slips[i - 1][j], slips[i][j - 1]) + 1);
        boolean swapped = i > 1
            && j > 1
            && a.charAt(i - 1) == b.charAt(j - 2)
            && a.charAt(i - 2) == b.charAt(j - 1);
        slips[i][j] = swapped ? Math.min(least, slips[i - 2][j - 2] + 1) : least;
      }
    }
    return slips[a.length()][b.length()];
  }
}
