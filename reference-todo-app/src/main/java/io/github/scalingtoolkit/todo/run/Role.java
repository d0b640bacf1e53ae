package io.github.scalingtoolkit.todo.run;

/** What a process does. */
enum Role {
  /** Serves requests and handles jobs. */
  BOTH("all"),
  /** Serves requests. */
  SERVE("serve"),
  /** Handles jobs. */
  WORK("work"),
  /** Fills the cache, and ends. */
  WARM("warm"),
  /** Adds a user, and ends. */
  ADD_USER("add-user");

  private final String word;

  Role(String word) {
    this.word = word;
  }

  String word() {
    return word;
  }

  boolean serves() {
    return this == BOTH || this == SERVE;
  }

  boolean works() {
    return this == BOTH || this == WORK;
  }
}
