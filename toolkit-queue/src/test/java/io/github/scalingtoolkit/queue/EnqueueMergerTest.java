package io.github.scalingtoolkit.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.core.time.Deadline;
import io.github.scalingtoolkit.testing.Await;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.Test;

class EnqueueMergerTest {
  private final List<List<String>> calls = new CopyOnWriteArrayList<>();
  private final Semaphore answers = new Semaphore(0);
  private final Map<String, Object> results = new ConcurrentHashMap<>();
  private final List<Thread> callers = new ArrayList<>();
  private final EnqueueMerger merger = new EnqueueMerger(this::send);

  /** Answers with the number in each id, once it may; fails where one of them is "fails". */
  private long[] send(List<JobQueue.Entry> entries) {
    List<String> ids = entries.stream().map(entry -> entry.id().value()).toList();
    calls.add(ids);
    answers.acquireUninterruptibly();
    if (ids.contains("fails")) {
      throw new IllegalStateException("failed");
    }
    return ids.stream().mapToLong(Long::parseLong).toArray();
  }

  private static JobQueue.Entry entry(String id, int bytes) {
    return new JobQueue.Entry(new JobId(id), new byte[0], new byte[bytes]);
  }

  private void enqueue(String id) {
    Thread caller = new Thread(() -> {
      try {
        results.put(id, merger.enqueue(entry(id, 100)));
      } catch (IllegalStateException failed) {
        results.put(id, failed);
      }
    });
    callers.add(caller);
    caller.start();
    Await.until(
        "it is under way or waits",
        () -> calls.stream().anyMatch(call -> call.contains(id))
            || caller.getState() == Thread.State.TIMED_WAITING);
  }

  private void end() throws InterruptedException {
    for (Thread caller : callers) {
      caller.join();
    }
  }

  @Test
  void callersGoAtOnceAndThoseWhoComeMeanwhileGoTogether() throws InterruptedException {
    for (int i = 1; i <= 12; i++) {
      enqueue(Integer.toString(i));
    }
    assertThat(calls).containsExactly(List.of("1"), List.of("2"));

    answers.release(12);
    end();

    assertThat(calls).hasSize(3);
    assertThat(calls.get(2)).containsExactly("3", "4", "5", "6", "7", "8", "9", "10", "11", "12");
    for (int i = 1; i <= 12; i++) {
      assertThat(results).containsEntry(Integer.toString(i), (long) i);
    }
  }

  @Test
  void aFailedCallFailsForAllItCarriedAndForNobodyElse() throws InterruptedException {
    enqueue("1");
    enqueue("2");
    enqueue("fails");
    enqueue("4");
    answers.release(1);
    Await.until("the next call is under way", () -> calls.size() == 3);
    enqueue("5");

    answers.release(5);
    end();

    assertThat(calls.get(2)).containsExactly("fails", "4");
    assertThat(results.get("fails")).isSameAs(results.get("4")).isInstanceOf(Exception.class);
    assertThat(results).containsEntry("1", 1L).containsEntry("2", 2L).containsEntry("5", 5L);
  }

  @Test
  void aFailureOfAnyKindIsThrown() {
    EnqueueMerger failing = new EnqueueMerger(entries -> {
      throw EnqueueMergerTest.<RuntimeException>asIs(new InterruptedException());
    });

    assertThatThrownBy(() -> failing.enqueue(entry("1", 100)))
        .isInstanceOf(InterruptedException.class);
  }

  @SuppressWarnings("unchecked")
  private static <X extends Throwable> X asIs(Throwable thrown) throws X {
    throw (X) thrown;
  }

  @Test
  void anInterruptedCallerSendsAllTheSameAndStaysInterrupted() {
    List<Boolean> interrupted = new ArrayList<>();
    EnqueueMerger watched = new EnqueueMerger(entries -> {
      interrupted.add(Thread.currentThread().isInterrupted());
      return new long[] {1};
    });
    Deadline later = Deadline.after(Duration.ofSeconds(30), Clock.system());

    Thread.currentThread().interrupt();
    watched.enqueue(entry("alone", 100));
    watched.enqueue(entry("large", 100_000));
    later.<Long, RuntimeException>call(() -> watched.enqueue(entry("hurried", 100)));

    assertThat(Thread.interrupted()).isTrue();
    assertThat(interrupted).containsExactly(false, false, false);
  }

  @Test
  void aFailureLeavesAnInterruptedCallerInterrupted() {
    EnqueueMerger failing = new EnqueueMerger(entries -> {
      throw new IllegalStateException("failed");
    });

    Thread.currentThread().interrupt();

    assertThatThrownBy(() -> failing.enqueue(entry("1", 100)))
        .isInstanceOf(IllegalStateException.class);
    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void largeJobsAndCallersWithADeadlineGoAlone() {
    enqueue("1");
    enqueue("2");
    answers.release(4);

    assertThat(merger.enqueue(entry("3", 100_000))).isEqualTo(3);
    assertThat(Deadline.after(Duration.ofSeconds(30), Clock.system())
            .<Long, RuntimeException>call(() -> merger.enqueue(entry("4", 100))))
        .isEqualTo(4);
    assertThatThrownBy(() -> {
          answers.release();
          merger.enqueue(entry("fails", 100_000));
        })
        .isInstanceOf(IllegalStateException.class);
    assertThat(calls).contains(List.of("3"), List.of("4"));
  }
}
