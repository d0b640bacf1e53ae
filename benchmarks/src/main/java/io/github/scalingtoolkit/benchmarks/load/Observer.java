package io.github.scalingtoolkit.benchmarks.load;

/** Is told when a measured time begins, is half over and ends, on the generator's thread: to read what servers used. */
@FunctionalInterface
public interface Observer {
  /** Watches nothing. */
  Observer NONE = moment -> {};

  /** When. */
  enum Moment {
    BEGIN,
    HALF,
    END
  }

  /** Called once for each moment, in their order. */
  void at(Moment moment);
}
