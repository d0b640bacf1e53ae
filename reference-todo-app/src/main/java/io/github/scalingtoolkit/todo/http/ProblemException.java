package io.github.scalingtoolkit.todo.http;

/** Ends the handling of a request with a problem. Carries no stack trace: it is an answer, not a fault. */
public final class ProblemException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient Problem problem;

  /** Answers with {@code problem}. */
  public ProblemException(Problem problem) {
    super(problem.error(), null, false, false);
    this.problem = problem;
  }

  /** Returns the answer. */
  public Problem problem() {
    return problem;
  }
}
