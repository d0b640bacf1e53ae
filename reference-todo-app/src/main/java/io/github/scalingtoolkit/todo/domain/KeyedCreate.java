package io.github.scalingtoolkit.todo.domain;

/** The result of a create with a key, which makes one todo however often it is sent. */
public sealed interface KeyedCreate {
  /** The todo was made, now or by an earlier request that nobody got an answer to, and is there. */
  record Made(Todo todo) implements KeyedCreate {}

  /**
   * An earlier request was answered with this, or made it and it has been deleted since.
   *
   * @param todo the todo as it was made, whatever has become of it
   */
  record Repeated(Todo todo) implements KeyedCreate {}

  /** The key belongs to a request for another todo. */
  record OtherRequest() implements KeyedCreate {}

  /** An earlier request with the key is under way. */
  record UnderWay() implements KeyedCreate {}
}
