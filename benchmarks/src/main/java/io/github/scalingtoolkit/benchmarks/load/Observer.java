package io.github.scalingtoolkit.benchmarks.load;

/** Is told when each slice of a measured time begins and when the last one ends: to read what servers used. */
@FunctionalInterface
public interface Observer {
  /** Watches nothing. */
  Observer NONE = slice -> {};

  /**
   * Called on the generator's thread, once for each slice in their order and once more at the end.
   *
   * @param slice the one that begins, from 0; {@link Generator#SLICES} at the end
   */
  void at(int slice);
}
