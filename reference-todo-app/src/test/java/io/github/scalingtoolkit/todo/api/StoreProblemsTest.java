package io.github.scalingtoolkit.todo.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.github.scalingtoolkit.todo.domain.StoreException;
import io.github.scalingtoolkit.todo.domain.StoreUnavailableException;
import io.github.scalingtoolkit.todo.domain.StoreUnavailableException.Reason;
import io.github.scalingtoolkit.todo.http.FaultException;
import io.github.scalingtoolkit.todo.http.Problem;
import io.github.scalingtoolkit.todo.http.ProblemException;
import java.time.Duration;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class StoreProblemsTest {
  @Test
  void aWriteOfWhichNothingWasSentWasNotStored() {
    Supplier<String> down = failing(Reason.KNOWN_DOWN);

    assertThat(detail(down, StoreProblems::written)).contains("nothing was stored");
    assertThat(detail(down, StoreProblems::created)).contains("nothing was stored");
  }

  @Test
  void aWriteWhoseOutcomeIsUnknownMayHaveBeenApplied() {
    Supplier<String> lost = failing(Reason.CONNECTION_LOST);

    assertThat(detail(lost, StoreProblems::written))
        .contains("may have been applied; check before repeating")
        .doesNotContain("nothing was stored", "Idempotency-Key");
    assertThat(detail(lost, StoreProblems::created))
        .contains("may have been applied; check before repeating", "Idempotency-Key");
  }

  @Test
  void aReadSaysNothingOfWhatIsStored() {
    for (Reason reason : Reason.values()) {
      assertThat(detail(failing(reason), StoreProblems::read))
          .isEqualTo("The store cannot be reached right now.");
    }
  }

  @Test
  void aRefusalIsAFaultThatTellsTheLogWhy() {
    StoreException refusal = new StoreException("MongoDB at db:27017/todoapp refused it", null);

    FaultException fault = catchThrowableOfType(
        FaultException.class,
        () -> StoreProblems.created(() -> {
          throw refusal;
        }));

    assertThat(fault).hasMessage(refusal.getMessage()).hasCause(refusal);
  }

  private static Supplier<String> failing(Reason reason) {
    return () -> {
      throw new StoreUnavailableException(reason, "of the inside", Duration.ofSeconds(7), null);
    };
  }

  private static String detail(Supplier<String> call, Consumer<Supplier<String>> way) {
    Problem problem =
        catchThrowableOfType(ProblemException.class, () -> way.accept(call)).problem();
    assertThat(problem.status()).isEqualTo(503);
    assertThat(problem.headers()).containsEntry("Retry-After", "7");
    return problem.detail();
  }
}
