package io.github.scalingtoolkit.todo.cluster;

/** Thrown when a cluster cannot start; its message is meant for the user. */
public final class ClusterException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  ClusterException(String message) {
    super(message);
  }
}
