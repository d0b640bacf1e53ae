package io.github.scalingtoolkit.todo.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.scalingtoolkit.testing.Await;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class GroupCommitTest {
  private final Semaphore commitMayEnd = new Semaphore(0);
  private final AtomicInteger commitsBegun = new AtomicInteger();
  private final AtomicInteger applied = new AtomicInteger();
  private final GroupCommit commits = new GroupCommit(() -> {
    commitsBegun.incrementAndGet();
    commitMayEnd.acquireUninterruptibly();
  });

  @Test
  void answersAWriteOnlyAfterItsCommit() {
    CompletableFuture<Integer> write = write();
    Await.until("the commit has begun", () -> commitsBegun.get() == 1);

    assertThat(applied).hasValue(1);
    assertThat(write).isNotDone();

    commitMayEnd.release();
    assertThat(write.join()).isEqualTo(1);
  }

  @Test
  void commitsOnceForAllWritesThatCameDuringACommit() {
    CompletableFuture<Integer> first = write();
    Await.until("the first commit has begun", () -> commitsBegun.get() == 1);
    List<CompletableFuture<Integer>> others = new ArrayList<>();
    for (int i = 1; i <= 5; i++) {
      others.add(write());
      int expected = i;
      Await.until("the writer waits", () -> commits.waiting() == expected);
    }
    assertThat(applied).as("nothing applies while a commit runs").hasValue(1);

    commitMayEnd.release(2);

    assertThat(first.join()).isEqualTo(1);
    assertThat(others).allSatisfy(write -> assertThat(write.join()).isPositive());
    assertThat(commitsBegun).hasValue(2);
    assertThat(commits.committed()).isEqualTo(6);
  }

  @Test
  void readsWhatIsCommittedWithoutACommitOfItsOwn() {
    commitMayEnd.release();
    write().join();

    assertThat(commits.read(applied::get)).isEqualTo(1);

    assertThat(commitsBegun).hasValue(1);
  }

  @Test
  void hidesAWriteFromReadsUntilItIsCommitted() {
    CompletableFuture<Integer> write = write();
    Await.until("the commit has begun", () -> commitsBegun.get() == 1);
    CompletableFuture<Integer> read = async(() -> commits.read(applied::get));
    Await.until("the reader waits", () -> commits.waiting() == 1);

    assertThat(read).isNotDone();

    commitMayEnd.release();
    assertThat(read.join()).isEqualTo(1);
    assertThat(write.join()).isEqualTo(1);
  }

  @Test
  void answersNothingAfterACommitThatFailed() {
    GroupCommit failing = new GroupCommit(() -> {
      throw new IllegalStateException("no space left");
    });

    assertThatThrownBy(() -> failing.write(applied::incrementAndGet))
        .isInstanceOf(CommitFailedException.class)
        .hasRootCauseMessage("no space left");

    assertThatThrownBy(() -> failing.read(applied::get)).isInstanceOf(CommitFailedException.class);
    assertThatThrownBy(() -> failing.write(applied::incrementAndGet))
        .isInstanceOf(CommitFailedException.class);
    assertThatThrownBy(failing::requireIntact).isInstanceOf(CommitFailedException.class);
    assertThat(applied).hasValue(1);
  }

  @Test
  void commitsWhatAFailedWriteHasLeft() {
    commitMayEnd.release(2);
    assertThatThrownBy(() -> commits.write(() -> {
          throw new IllegalArgumentException("half done");
        }))
        .hasMessage("half done");

    write().join();

    assertThat(commits.committed()).isEqualTo(2);
  }

  private CompletableFuture<Integer> write() {
    return async(() -> commits.write(applied::incrementAndGet));
  }

  /** On a thread of its own: a pool might have fewer than there are waiting. */
  private static CompletableFuture<Integer> async(Supplier<Integer> action) {
    return CompletableFuture.supplyAsync(action, task -> new Thread(task).start());
  }
}
