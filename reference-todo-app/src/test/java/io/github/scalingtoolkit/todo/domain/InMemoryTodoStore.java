package io.github.scalingtoolkit.todo.domain;

import io.github.scalingtoolkit.core.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The store as it should be, without a server: what other stores are compared with. */
public class InMemoryTodoStore implements TodoStore {
  private final Clock clock;
  private final TreeMap<String, Todo> todos = new TreeMap<>();
  private final Map<JobId, OutboxEntry> outbox = new HashMap<>();
  private long nextId = 1;

  public InMemoryTodoStore(Clock clock) {
    this.clock = clock;
  }

  @Override
  public synchronized Todo create(UserId owner, NewTodo input) {
    TodoId id = new TodoId(String.format("%024x", nextId++));
    Instant now = clock.now().truncatedTo(ChronoUnit.MILLIS);
    Todo todo = new Todo(id, input.title().text(), input.completed(), owner, now, now);
    todos.put(id.hex(), todo);
    outbox.put(JobId.of(id), new OutboxEntry(JobId.of(id), owner, now));
    return todo;
  }

  @Override
  public synchronized TodoPage listByUser(UserId owner, int limit, @Nullable TodoId after) {
    TodoStore.requireLimit(limit);
    List<Todo> found = new ArrayList<>();
    for (Todo todo : todos.tailMap(after == null ? "" : after.hex(), false).values()) {
      if (todo.userId().equals(owner)) {
        if (found.size() == limit) {
          return new TodoPage(found, found.get(limit - 1).id());
        }
        found.add(todo);
      }
    }
    return new TodoPage(found, null);
  }

  @Override
  public synchronized int removeOutboxEntries(Collection<JobId> jobs) {
    return (int) jobs.stream().filter(job -> outbox.remove(job) != null).count();
  }

  @Override
  public synchronized OutboxPage findOutboxOlderThan(
      Duration age, int limit, @Nullable TodoId after) {
    TodoStore.requireLimit(limit);
    Instant before = clock.now().minus(age).truncatedTo(ChronoUnit.MILLIS);
    List<OutboxEntry> found = new ArrayList<>();
    for (String id : todos.tailMap(after == null ? "" : after.hex(), false).keySet()) {
      OutboxEntry entry = outbox.get(JobId.of(new TodoId(id)));
      if (entry != null && entry.createdAt().isBefore(before)) {
        if (found.size() == limit) {
          return new OutboxPage(found, found.get(limit - 1).todoId());
        }
        found.add(entry);
      }
    }
    return new OutboxPage(found, null);
  }

  @Override
  public synchronized Optional<TodoJob> findJob(JobId job) {
    return Optional.ofNullable(todos.get(job.todoId().hex()))
        .map(todo -> new TodoJob(todo.userId(), outbox.containsKey(job)));
  }

  @Override
  public synchronized List<UserId> latestOwners(int limit) {
    TodoStore.requireLimit(limit);
    return todos.descendingMap().values().stream()
        .limit(limit)
        .map(Todo::userId)
        .distinct()
        .toList();
  }

  @Override
  public void ping() {}
}
