package io.github.scalingtoolkit.todo.run;

/** What a process of the service does. */
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
    return this == BOTH || this == SERVE;
  }

  boolean works() {
    return this == BOTH || this == WORK;
  }
}
