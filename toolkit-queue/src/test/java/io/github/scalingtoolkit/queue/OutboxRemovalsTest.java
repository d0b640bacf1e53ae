package io.github.scalingtoolkit.queue;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.core.time.Deadline;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.AbstractQueuedSynchronizer.ConditionObject;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class OutboxRemovalsTest {
  private final SlowStore store = new SlowStore();
  private final OutboxRemovals removals = new OutboxRemovals(store, Duration.ofSeconds(20));
  private final List<Thread> threads = new ArrayList<>();

  @Test
  void aJobThatEndsAloneIsRemovedAtOnce() {
    store.go.countDown();

    assertThat(removals.remove(job(1))).isTrue();
    assertThat(store.writes).containsExactly(Set.of(job(1)));
  }

  @Test
  void jobsThatEndWhileTwoWritesAreUnderWayShareTheNext() throws Exception {
    List<CompletableFuture<Boolean>> removed = twoWriteAndThreeWait();

    store.go.countDown();

    for (CompletableFuture<Boolean> one : removed) {
      assertThat(one.get()).isTrue();
    }
    assertThat(store.writes)
        .containsExactly(Set.of(job(0)), Set.of(job(1)), Set.of(job(2), job(3), job(4)));
  }

  @Test
  void aFailedRemovalKeepsTheEntriesOfThatWriteOnly() throws Exception {
    store.failure = new IllegalStateException("it does not answer");
    List<CompletableFuture<Boolean>> removed = twoWriteAndThreeWait();

    store.go.countDown();

    for (CompletableFuture<Boolean> one : removed) {
      assertThat(one.get()).isFalse();
    }
    assertThat(store.writes).hasSize(3);
    store.failure = null;
    assertThat(removals.remove(job(5))).isTrue();
    assertThat(store.writes).last().isEqualTo(Set.of(job(5)));
  }

  @Test
  void anErrorIsThrownToTheWritingCallerAndKeepsAllEntries() throws Exception {
    store.failure = new StackOverflowError("for the test");
    List<CompletableFuture<Boolean>> removed = twoWriteAndThreeWait();

    store.go.countDown();

    int faults = 0;
    for (CompletableFuture<Boolean> one : removed) {
      try {
        assertThat(one.get()).isFalse();
      } catch (ExecutionException thrown) {
        assertThat(thrown).hasCause(store.failure);
        faults++;
      }
    }
    assertThat(faults).isEqualTo(store.writes.size()).isEqualTo(3);
    store.failure = null;
    assertThat(removals.remove(job(5))).isTrue();
  }

  @Test
  void anInterruptedLeaderServesTheOthersAndStaysInterrupted() {
    store.go.countDown();
    Thread.currentThread().interrupt();

    boolean removed = removals.remove(job(1));

    assertThat(Thread.interrupted()).isTrue();
    assertThat(removed).isTrue();
  }

  @Test
  void noCallerWaitsForLongForTheWritesOfOthers() throws Exception {
    OutboxRemovals impatient = new OutboxRemovals(store, Duration.ofMillis(20));
    List<CompletableFuture<Boolean>> writing = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      writing.add(inAThread(impatient, job(i)));
      store.begun.acquire();
    }

    assertThat(impatient.remove(job(2))).isFalse();

    store.go.countDown();
    for (CompletableFuture<Boolean> one : writing) {
      assertThat(one.get()).isTrue();
    }
    assertThat(impatient.remove(job(3))).isTrue();
    assertThat(store.writes)
        .containsExactlyInAnyOrder(Set.of(job(0)), Set.of(job(1)), Set.of(job(3)));
  }

  @Test
  void aWriteHasADeadlineThatGuardsFollow() {
    store.go.countDown();

    removals.remove(job(1));

    assertThat(store.remaining).isBetween(Duration.ofMillis(1), Duration.ofSeconds(20));
    assertThat(Deadline.current()).isNull();
  }

  private List<CompletableFuture<Boolean>> twoWriteAndThreeWait() throws InterruptedException {
    List<CompletableFuture<Boolean>> removed = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      removed.add(inAThread(job(i)));
      store.begun.acquire();
    }
    for (int i = 2; i < 5; i++) {
      removed.add(inAThread(job(i)));
    }
    for (Thread waiting : threads.subList(2, threads.size())) {
      // In line, that is; not before the lock.
      while (!(LockSupport.getBlocker(waiting) instanceof ConditionObject)
          && !Thread.interrupted()) {
        Thread.onSpinWait();
      }
    }
    return removed;
  }

  private CompletableFuture<Boolean> inAThread(JobId job) {
    return inAThread(removals, job);
  }

  private CompletableFuture<Boolean> inAThread(OutboxRemovals removals, JobId job) {
    CompletableFuture<Boolean> removed = new CompletableFuture<>();
    Thread thread = new Thread(() -> {
      try {
        removed.complete(removals.remove(job));
      } catch (Throwable failed) {
        removed.completeExceptionally(failed);
      }
    });
    threads.add(thread);
    thread.start();
    return removed.orTimeout(20, TimeUnit.SECONDS);
  }

  private static JobId job(int number) {
    return new JobId("n" + number);
  }

  /** Writes only when it is told to go. */
  private static final class SlowStore implements OutboxStore {
    private final Semaphore begun = new Semaphore(0);
    private final CountDownLatch go = new CountDownLatch(1);
    private final ConcurrentLinkedQueue<Set<JobId>> writes = new ConcurrentLinkedQueue<>();
    private volatile @Nullable Throwable failure;
    private volatile Duration remaining = Duration.ZERO;

    @Override
    public OutboxPage owed(Duration age, int most, @Nullable String after) {
      return new OutboxPage(List.of(), null);
    }

    @Override
    public void remove(Collection<JobId> jobs) {
      writes.add(Set.copyOf(jobs));
      remaining = Deadline.within(Duration.ofDays(1));
      begun.release();
      try {
        go.await();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
      if (failure instanceof RuntimeException refused) {
        throw refused;
      }
      if (failure instanceof Error fault) {
        throw fault;
      }
    }
  }
}
