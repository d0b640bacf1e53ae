package io.github.scalingtoolkit.benchmarks.report;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Arrays;
import java.util.Optional;

/** What is asked. In this order: a create makes its user's list longer, so it comes last. */
public enum Scenario {
  LIST("list"),
  HEALTH("health"),
  LOGIN("login"),
  /** Of 20 requests 15 cached lists, 3 healths, a create of another user, and a login. */
  MIX("mix"),
  CREATE("create");

  private final String word;

  Scenario(String word) {
    this.word = word;
  }

  /** Returns it as reports and raw data write it. */
  @JsonValue
  public String word() {
    return word;
  }

  /** Finds the one that is written as {@code word}. */
  public static Optional<Scenario> of(String word) {
    return Arrays.stream(values())
        .filter(scenario -> scenario.word.equals(word))
        .findFirst();
  }

  /** Tells whether its requests leave jobs behind, which are part of what they cost. */
  public boolean leavesJobs() {
    return this == CREATE || this == MIX;
  }
}
