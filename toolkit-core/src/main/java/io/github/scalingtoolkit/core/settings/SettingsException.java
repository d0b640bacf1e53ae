package io.github.scalingtoolkit.core.settings;

import java.util.List;

/** Thrown with all problems of the settings at once, one line each, without secrets. */
public final class SettingsException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient List<String> problems;

  /**
   * Creates one for a parser of {@link Settings#value}, {@link Settings#optional} or {@link Settings#hidden}, which then reports
   * {@code problem} instead of the form.
   *
   * @param problem what is wrong and what to do, to go on after the setting's name; without anything secret in it
   */
  public SettingsException(String problem) {
    this(List.of(problem));
  }

  SettingsException(List<String> problems) {
    super(String.join("\n", problems), null, false, false);
    this.problems = List.copyOf(problems);
  }

  /** Returns the problems, one sentence or two for each setting. */
  public List<String> problems() {
    return problems;
  }
}
