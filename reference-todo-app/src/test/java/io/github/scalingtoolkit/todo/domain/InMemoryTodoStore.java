package io.github.scalingtoolkit.todo.domain;

import io.github.scalingtoolkit.core.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The store as it should be, without a server: what other stores are compared with. */
public class InMemoryTodoStore implements TodoStore {
  private final Clock clock;
  private final TreeMap<String, Todo> todos = new TreeMap<>();
  private final Map<JobId, OutboxEntry> outbox = new HashMap<>();
  private final Map<String, Request> requests = new HashMap<>();
  private final Set<TodoId> deleted = new HashSet<>();
  private long nextId = 1;

  public InMemoryTodoStore(Clock clock) {
    this.clock = clock;
  }

  private record Request(NewTodo asked, Todo todo) {}

  @Override
  public synchronized Todo create(UserId owner, NewTodo input) {
    TodoId id = new TodoId(String.format("%024x", nextId++));
    Instant now = now();
    Todo todo =
        new Todo(id, input.title().text(), input.completed(), input.order(), owner, now, now);
    todos.put(id.hex(), todo);
    outbox.put(JobId.of(id), new OutboxEntry(JobId.of(id), owner, now));
    return todo;
  }

  @Override
  public synchronized KeyedCreate createOnce(UserId owner, String key, NewTodo input) {
    String id = owner + "\0" + key;
    Request known = requests.get(id);
    if (known == null || !now().isBefore(known.todo().createdAt().plus(KEY_LIFE))) {
      Todo made = create(owner, input);
      requests.put(id, new Request(input, made));
      return new KeyedCreate.Made(made);
    }
    return known.asked().equals(input)
        ? new KeyedCreate.Repeated(known.todo())
        : new KeyedCreate.OtherRequest();
  }

  @Override
  public synchronized Optional<Todo> find(UserId owner, TodoId id) {
    return Optional.ofNullable(todos.get(id.hex()))
        .filter(todo -> todo.userId().equals(owner) && !deleted.contains(id));
  }

  @Override
  public synchronized Changed change(
      UserId owner, TodoId id, TodoChange change, Predicate<Todo> allowed) {
    Optional<Todo> found = find(owner, id);
    if (found.isEmpty()) {
      return new Changed.Missing();
    }
    if (!allowed.test(found.get())) {
      return new Changed.NotAllowed();
    }
    Todo changed = change.apply(found.get(), now());
    todos.put(id.hex(), changed);
    return new Changed.Done(changed);
  }

  @Override
  public synchronized Changed delete(UserId owner, TodoId id, Predicate<Todo> allowed) {
    Optional<Todo> found = find(owner, id);
    if (found.isEmpty()) {
      return new Changed.Missing();
    }
    if (!allowed.test(found.get())) {
      return new Changed.NotAllowed();
    }
    deleted.add(id);
    return new Changed.Done(found.get());
  }

  @Override
  public synchronized int deleteCompleted(UserId owner) {
    List<Todo> done = listByUser(owner, MAX_PAGE, null, true).todos();
    done.forEach(todo -> delete(owner, todo.id(), ALWAYS));
    return done.size();
  }

  private Instant now() {
    return clock.now().truncatedTo(ChronoUnit.MILLIS);
  }

  @Override
  public synchronized TodoPage listByUser(
      UserId owner, int limit, @Nullable TodoId after, @Nullable Boolean completed) {
    TodoStore.requireLimit(limit);
    List<Todo> found = new ArrayList<>();
    for (Todo todo : todos.tailMap(after == null ? "" : after.hex(), false).values()) {
      if (find(owner, todo.id()).isPresent()
          && (completed == null || completed == todo.completed())) {
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
    int removed = 0;
    for (JobId job : jobs) {
      if (outbox.remove(job) != null) {
        removed++;
      }
    }
    return removed;
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
        .filter(todo -> !deleted.contains(todo.id()))
        .limit(limit)
        .map(Todo::userId)
        .distinct()
        .toList();
  }

  @Override
  public void ping() {}
}
