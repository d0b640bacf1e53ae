package io.github.scalingtoolkit.todo.cluster;

/** Says why a cluster cannot start; its message is meant to be printed as it is. */
public final class ClusterException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  ClusterException(String message) {
    super(message);
  }
}
