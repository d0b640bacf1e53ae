package io.github.scalingtoolkit.core.settings;

import java.util.List;

/** Says everything that is wrong with the settings at once, a line each, with no secret in it. */
public final class SettingsException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient List<String> problems;

  /**
   * Makes one for a parser of {@link Settings#value}, {@link Settings#optional} or {@link Settings#hidden}, which then says
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

  /** Returns what is wrong, one sentence or two for each setting. */
  public List<String> problems() {
    return problems;
  }
}
