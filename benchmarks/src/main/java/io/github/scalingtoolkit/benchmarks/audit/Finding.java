package io.github.scalingtoolkit.benchmarks.audit;

/**
 * What can be said of one cell of the table.
 *
 * @param row the row's name
 * @param column the column's name
 * @param value the cell
 * @param verdict whether it can be so
 * @param reason why
 */
public record Finding(String row, String column, String value, Verdict verdict, String reason) {
  /** Whether a cell can be so. */
  public enum Verdict {
    /** Nothing speaks against it. */
    POSSIBLE,
    /** It can be so, but the command that is named does not show it. */
    NOT_SHOWN,
    /** It contradicts arithmetic, or the table itself. */
    IMPOSSIBLE
  }
}
