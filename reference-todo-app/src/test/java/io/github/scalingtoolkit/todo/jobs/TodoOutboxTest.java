package io.github.scalingtoolkit.todo.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.core.time.ManualClock;
import io.github.scalingtoolkit.todo.domain.InMemoryTodoStore;
import io.github.scalingtoolkit.todo.domain.NewTodo;
import io.github.scalingtoolkit.todo.domain.Title;
import io.github.scalingtoolkit.todo.domain.UserId;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class TodoOutboxTest {
  private final ManualClock clock = ManualClock.startingAt(Instant.EPOCH);
  private final InMemoryTodoStore store = new InMemoryTodoStore(clock);
  private final TodoOutbox outbox = new TodoOutbox(store, clock);

  @Test
  void aPageTellsHowLongItsOldestNotificationHasBeenOwed() {
    assertThat(outbox.owed(Duration.ZERO, 10, null).oldest()).isEqualTo(Duration.ZERO);
    for (int i = 0; i < 2; i++) {
      store.create(new UserId("ada"), new NewTodo(new Title("Buy milk"), false));
      clock.advance(Duration.ofMinutes(5));
    }

    assertThat(outbox.owed(Duration.ZERO, 10, null).oldest()).isEqualTo(Duration.ofMinutes(10));
  }
}
