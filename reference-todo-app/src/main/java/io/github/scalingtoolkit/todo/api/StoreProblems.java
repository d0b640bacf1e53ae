package io.github.scalingtoolkit.todo.api;

import io.github.scalingtoolkit.todo.domain.StoreUnavailableException;
import io.github.scalingtoolkit.todo.http.Problem;
import io.github.scalingtoolkit.todo.http.ProblemException;
import java.util.function.Supplier;

/** Says to clients that the store is away, and when to come back. */
final class StoreProblems {
  private StoreProblems() {}

  static <T> T answered(Supplier<T> call) {
    try {
      return call.get();
    } catch (StoreUnavailableException unavailable) {
      throw new ProblemException(Problem.unavailable("Store unavailable", unavailable.retryAfter())
          .detail(
              "Todos cannot be reached right now. Nothing of this request is known to be stored."));
    }
  }
}
