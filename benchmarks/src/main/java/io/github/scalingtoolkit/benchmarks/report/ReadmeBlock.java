package io.github.scalingtoolkit.benchmarks.report;

/** The part of a file that is written by program, between two marks. */
final class ReadmeBlock {
  private static final String BEGIN = "<!-- benchmarks: written by `benchmarks report` -->\n";
  private static final String END = "<!-- end of benchmarks -->\n";

  private ReadmeBlock() {}

  /**
   * Returns {@code text} with {@code block} between its marks.
   *
   * @throws IllegalArgumentException if it has no marks
   */
  static String replaced(String text, String block) {
    int begin = text.indexOf(BEGIN);
    int end = text.indexOf(END);
    if (begin < 0 || end < begin) {
      throw new IllegalArgumentException(
          "the file has no lines '" + BEGIN.strip() + "' and '" + END.strip() + "', in this order");
    }
    return text.substring(0, begin + BEGIN.length()) + block + text.substring(end);
  }
}
