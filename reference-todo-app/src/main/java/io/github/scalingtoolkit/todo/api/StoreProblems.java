package io.github.scalingtoolkit.todo.api;

import io.github.scalingtoolkit.todo.domain.StoreException;
import io.github.scalingtoolkit.todo.domain.StoreUnavailableException;
import io.github.scalingtoolkit.todo.http.FaultException;
import io.github.scalingtoolkit.todo.http.Problem;
import io.github.scalingtoolkit.todo.http.ProblemException;
import java.util.function.Supplier;

/**
 * The answer to clients when the store is unavailable, with the time to retry and what they may rely on. A store that refuses
 * an operation is a fault, and tells the log why.
 */
final class StoreProblems {
  private static final String UNKNOWN =
      "The store did not answer in time: the request may have been applied; check before repeating it";

  private StoreProblems() {}

  /** Does what changes nothing. */
  static <T> T read(Supplier<T> call) {
    return answered(call, "");
  }

  /** Does what changes something. */
  static <T> T written(Supplier<T> call) {
    return answered(call, UNKNOWN + ".");
  }

  /** Makes a todo: its client may also say that it repeats it. */
  static <T> T created(Supplier<T> call) {
    return answered(
        call, UNKNOWN + ", or send an Idempotency-Key, the same one with each repetition.");
  }

  private static <T> T answered(Supplier<T> call, String unknown) {
    try {
      return call.get();
    } catch (StoreUnavailableException unavailable) {
      String detail = unknown.isEmpty()
          ? "The store cannot be reached right now."
          : unavailable.nothingWasSent()
              ? "The store cannot be reached right now: nothing was stored."
              : unknown;
      throw new ProblemException(
          Problem.unavailable("Store unavailable", unavailable.retryAfter()).detail(detail));
    } catch (StoreException refused) {
      throw new FaultException(refused);
    }
  }
}
