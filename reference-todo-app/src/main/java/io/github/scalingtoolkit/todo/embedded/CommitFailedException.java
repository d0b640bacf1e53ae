package io.github.scalingtoolkit.todo.embedded;

/** A commit to the data file failed, now or earlier: the state in memory may never reach the disk, so no command is answered. */
final class CommitFailedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  CommitFailedException(RuntimeException cause) {
    super(
        "a write to the data file failed (" + cause.getClass().getSimpleName()
            + "); restart the process once its disk works again",
        cause);
  }
}
