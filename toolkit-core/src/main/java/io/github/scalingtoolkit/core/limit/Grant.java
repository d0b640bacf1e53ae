package io.github.scalingtoolkit.core.limit;

import java.util.List;

/**
 * The answer of {@link LimitScripts#acquire} to a number of equal calls.
 *
 * @param admitted how many of them fitted
 * @param retryMicros how long until one more would; 0 if all did
 * @param policy index of the policy that decided
 * @param remaining its permits left
 * @param resetMicros how long until all of them are back
 */
record Grant(long admitted, long retryMicros, int policy, long remaining, long resetMicros) {

  static Grant of(Object reply) {
    List<?> fields = (List<?>) reply;
    return new Grant(
        number(fields, 0),
        number(fields, 1),
        Math.toIntExact(number(fields, 2)) - 1,
        number(fields, 3),
        number(fields, 4));
  }

  private static long number(List<?> fields, int index) {
    return (Long) fields.get(index);
  }
}
