package io.github.scalingtoolkit.queue;

/** How a worker hears of work while it has nothing to do. */
interface Calls {
  void start();

  /** A stepper has come to rest. Does not block. */
  void idle();

  /** Ends, and leaves behind no call that others wait for. Blocks for a second at most. */
  void close();
}
