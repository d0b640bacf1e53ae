package io.github.scalingtoolkit.todo.api;

import io.github.scalingtoolkit.todo.domain.StoreUnavailableException;
import io.github.scalingtoolkit.todo.http.Problem;
import io.github.scalingtoolkit.todo.http.ProblemException;
import java.util.function.Supplier;

/** The answer to clients when the store is unavailable, with the time to retry. */
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
