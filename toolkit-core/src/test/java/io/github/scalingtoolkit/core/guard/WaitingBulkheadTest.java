package io.github.scalingtoolkit.core.guard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.github.scalingtoolkit.core.guard.RejectedException.Reason;
import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.core.time.Deadline;
import io.github.scalingtoolkit.testing.Await;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** A bulkhead that lets callers wait; its one place is taken by an asynchronous call. */
class WaitingBulkheadTest {
  private static final Duration AN_HOUR = Duration.ofHours(1);

  private final CompletableFuture<String> first = new CompletableFuture<>();
  private final AtomicInteger made = new AtomicInteger();

  private Guard full(Duration patience) {
    Guard guard = Guard.builder("store").bulkhead(1, patience).build();
    assertThat(guard.callAsync(() -> first)).isNotDone();
    return guard;
  }

  private FutureTask<Integer> waiting(Guard guard, Thread[] thread) {
    FutureTask<Integer> caller = new FutureTask<>(() -> guard.call(made::incrementAndGet));
    thread[0] = new Thread(caller, "waiting");
    thread[0].start();
    Await.until("it waits", () -> places(guard).waiting() == 1);
    return caller;
  }

  private static GuardCounts.Bulkhead places(Guard guard) {
    return Objects.requireNonNull(guard.counts().bulkhead());
  }

  @Test
  void aCallGetsThePlaceThatAnotherLeaves() throws Exception {
    Guard guard = full(AN_HOUR);
    FutureTask<Integer> caller = waiting(guard, new Thread[1]);

    assertThat(made).hasValue(0);
    first.complete("done");

    assertThat(caller.get(1, TimeUnit.MINUTES)).isEqualTo(1);
    assertThat(places(guard)).isEqualTo(new GuardCounts.Bulkhead(1, 1, 0));
  }

  @Test
  void isRefusedWhenItsPatienceOrItsDeadlineEnds() {
    Guard impatient = full(Duration.ofMillis(1));
    Guard patient = full(AN_HOUR);
    Deadline near = Deadline.after(Duration.ofMillis(20), Clock.system());

    RejectedException full =
        catchThrowableOfType(RejectedException.class, () -> impatient.call(made::incrementAndGet));
    RejectedException late = catchThrowableOfType(
        RejectedException.class, () -> near.call(() -> patient.call(made::incrementAndGet)));

    assertThat(full.reason()).isEqualTo(Reason.BULKHEAD);
    assertThat(late.reason()).isEqualTo(Reason.DEADLINE);
    assertThat(made).hasValue(0);
    assertThat(places(patient)).isEqualTo(new GuardCounts.Bulkhead(1, 0, 0));
  }

  @Test
  void isRefusedWhenTheBreakerOpenedWhileItWaitedAndKeepsNoPlace() {
    Guard guard = full(AN_HOUR);
    FutureTask<Integer> caller = waiting(guard, new Thread[1]);

    guard.forceOpen();
    first.complete("done");

    assertThatThrownBy(() -> caller.get(1, TimeUnit.MINUTES))
        .cause()
        .isInstanceOfSatisfying(
            RejectedException.class,
            refused -> assertThat(refused.reason()).isEqualTo(Reason.OPEN));
    assertThat(made).hasValue(0);
    assertThat(places(guard).available()).isEqualTo(1);
  }

  @Test
  void anInterruptEndsTheWaitAndStaysSet() {
    Guard guard = full(AN_HOUR);
    Thread[] thread = new Thread[1];
    FutureTask<Integer> caller = waiting(guard, thread);

    thread[0].interrupt();

    assertThatThrownBy(() -> caller.get(1, TimeUnit.MINUTES))
        .cause()
        .isInstanceOf(RejectedException.class);
    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> guard.call(made::incrementAndGet))
        .isInstanceOf(RejectedException.class);
    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void anAsynchronousCallDoesNotWait() {
    Guard guard = full(AN_HOUR);

    assertThatThrownBy(() -> guard.callAsync(() -> first).join())
        .isInstanceOf(CompletionException.class)
        .hasCauseInstanceOf(RejectedException.class);
  }
}
