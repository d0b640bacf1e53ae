package io.github.scalingtoolkit.todo.jobs;

import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.queue.Outbox;
import io.github.scalingtoolkit.queue.OutboxStore;
import io.github.scalingtoolkit.todo.domain.JobId;
import io.github.scalingtoolkit.todo.domain.OutboxPage;
import io.github.scalingtoolkit.todo.domain.TodoId;
import io.github.scalingtoolkit.todo.domain.TodoStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The entries of owed notifications, which are in the documents of their todos, as the queue's {@link Outbox} asks for them. */
public final class TodoOutbox implements OutboxStore {
  /** How old an entry is before it is swept. */
  public static final Duration OWED_TOO_LONG = Duration.ofSeconds(30);

  private final TodoStore store;
  private final Clock clock;

  /** Finds the entries in {@code store}, whose age is by {@code clock}. */
  public TodoOutbox(TodoStore store, Clock clock) {
    this.store = store;
    this.clock = clock;
  }

  @Override
  public io.github.scalingtoolkit.queue.OutboxPage owed(
      Duration age, int most, @Nullable String after) {
    OutboxPage page =
        store.findOutboxOlderThan(age, most, after == null ? null : new TodoId(after));
    TodoId next = page.next();
    Duration oldest = page.entries().stream()
        .map(entry -> Duration.between(entry.createdAt(), clock.now()))
        .max(Comparator.naturalOrder())
        .orElse(Duration.ZERO);
    return new io.github.scalingtoolkit.queue.OutboxPage(
        new ArrayList<>(page.entries().stream().map(Notifications::owed).toList()),
        0,
        oldest,
        next == null ? null : next.hex());
  }

  @Override
  public void remove(Collection<io.github.scalingtoolkit.queue.JobId> jobs) {
    List<JobId> owed = jobs.stream()
        .map(job -> JobId.parse(job.value()))
        .flatMap(Optional::stream)
        .toList();
    if (!owed.isEmpty()) {
      store.removeOutboxEntries(owed);
    }
  }
}
