package io.github.scalingtoolkit.todo.domain;

/** The result of a change or a deletion of one todo. */
public sealed interface Changed {
  /**
   * It was made.
   *
   * @param todo the todo after a change, or before a deletion
   */
  record Done(Todo todo) implements Changed {}

  /** The owner has no such todo. */
  record Missing() implements Changed {}

  /** The todo is not in a state in which the change may be made. */
  record NotAllowed() implements Changed {}
}
