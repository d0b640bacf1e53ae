package io.github.scalingtoolkit.todo;

/** What a process does. */
enum Role {
  /** Serves requests and handles jobs. */
  BOTH("all"),
  /** Serves requests. */
  SERVE("serve"),
  /** Handles jobs. */
  WORK("work");

  private final String word;

  Role(String word) {
    this.word = word;
  }

  String word() {
    return word;
  }

  boolean serves() {
    return this != WORK;
  }

  boolean works() {
    return this != SERVE;
  }
}
