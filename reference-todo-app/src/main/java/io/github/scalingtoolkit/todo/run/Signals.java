package io.github.scalingtoolkit.todo.run;

/** How a run is told to end and to replace its workers. */
interface Signals {
  /** Has {@code stop} run, on another thread, when the run is told to end. */
  void onEnd(Runnable stop);

  /**
   * Has {@code replace} run, on another thread, at each hang-up.
   *
   * @return whether there can be one: where a process was started with SIGHUP ignored, there is none
   */
  boolean onHangUp(Runnable replace);
}
