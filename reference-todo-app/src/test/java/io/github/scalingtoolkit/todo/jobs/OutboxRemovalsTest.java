package io.github.scalingtoolkit.todo.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.todo.domain.InMemoryTodoStore;
import io.github.scalingtoolkit.todo.domain.JobId;
import io.github.scalingtoolkit.todo.domain.StoreUnavailableException;
import io.github.scalingtoolkit.todo.domain.StoreUnavailableException.Reason;
import io.github.scalingtoolkit.todo.domain.TodoId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class OutboxRemovalsTest {
  private final SlowStore store = new SlowStore();
  private final OutboxRemovals removals = new OutboxRemovals(store);
  private final List<Thread> threads = new ArrayList<>();

  @Test
  void aJobThatEndsAloneIsRemovedAtOnce() {
    store.go.countDown();

    assertThat(removals.remove(job(1))).isTrue();
    assertThat(store.writes).containsExactly(Set.of(job(1)));
  }

  @Test
  void jobsThatEndDuringAWriteShareTheNext() throws Exception {
    List<CompletableFuture<Boolean>> removed = oneWritesAndThreeWait();

    store.go.countDown();

    assertThat(removed).allSatisfy(one -> assertThat(one.get()).isTrue());
    assertThat(store.writes).containsExactly(Set.of(job(0)), Set.of(job(1), job(2), job(3)));
  }

  @Test
  void whatTheStoreCannotRemoveIsKeptForAllWhoSharedTheWriteAndForNobodyElse() throws Exception {
    store.down = true;
    List<CompletableFuture<Boolean>> removed = oneWritesAndThreeWait();

    store.go.countDown();

    assertThat(removed).allSatisfy(one -> assertThat(one.get()).isFalse());
    assertThat(store.writes).hasSize(2);
    store.down = false;
    assertThat(removals.remove(job(4))).isTrue();
    assertThat(store.writes).last().isEqualTo(Set.of(job(4)));
  }

  private List<CompletableFuture<Boolean>> oneWritesAndThreeWait() throws InterruptedException {
    List<CompletableFuture<Boolean>> removed = new ArrayList<>();
    removed.add(inAThread(job(0)));
    store.writing.await();
    for (int i = 1; i <= 3; i++) {
      removed.add(inAThread(job(i)));
    }
    for (Thread waiting : threads.subList(1, threads.size())) {
      while (waiting.getState() != Thread.State.WAITING) {
        Thread.onSpinWait();
      }
    }
    return removed;
  }

  private CompletableFuture<Boolean> inAThread(JobId job) {
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
    return JobId.of(new TodoId(String.format("%024x", number)));
  }

  /** Writes only when it is told to go. */
  private static final class SlowStore extends InMemoryTodoStore {
    private final CountDownLatch writing = new CountDownLatch(1);
    private final CountDownLatch go = new CountDownLatch(1);
    private final ConcurrentLinkedQueue<Set<JobId>> writes = new ConcurrentLinkedQueue<>();
    private volatile boolean down;

    SlowStore() {
      super(Clock.system());
    }

    @Override
    public int removeOutboxEntries(Collection<JobId> jobs) {
      writes.add(Set.copyOf(jobs));
      writing.countDown();
      try {
        go.await();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
      if (down) {
        throw new StoreUnavailableException(
            Reason.UNREACHABLE, "it does not answer", Duration.ofSeconds(1), null);
      }
      return jobs.size();
    }
  }
}
