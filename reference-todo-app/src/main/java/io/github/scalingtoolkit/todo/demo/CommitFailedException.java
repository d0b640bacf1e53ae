package io.github.scalingtoolkit.todo.demo;

/** A commit to the data file failed, now or earlier: what is in memory may never reach the disk, so nothing is answered. */
final class CommitFailedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  CommitFailedException(RuntimeException cause) {
    super(
        "a write to the data file failed (" + cause.getClass().getSimpleName()
            + "); start the process again once its disk is well",
        cause);
  }
}
