package io.github.scalingtoolkit.todo.mongo;

import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoCollection;
import com.mongodb.client.MongoDatabase;
import com.mongodb.client.model.BulkWriteOptions;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.Projections;
import com.mongodb.client.model.Sorts;
import com.mongodb.client.model.UpdateOneModel;
import com.mongodb.client.model.Updates;
import io.github.scalingtoolkit.core.guard.GuardCounts;
import io.github.scalingtoolkit.core.guard.RejectedException;
import io.github.scalingtoolkit.core.lifecycle.Loop;
import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.todo.domain.Changed;
import io.github.scalingtoolkit.todo.domain.JobId;
import io.github.scalingtoolkit.todo.domain.KeyedCreate;
import io.github.scalingtoolkit.todo.domain.NewTodo;
import io.github.scalingtoolkit.todo.domain.OutboxPage;
import io.github.scalingtoolkit.todo.domain.Todo;
import io.github.scalingtoolkit.todo.domain.TodoChange;
import io.github.scalingtoolkit.todo.domain.TodoId;
import io.github.scalingtoolkit.todo.domain.TodoJob;
import io.github.scalingtoolkit.todo.domain.TodoPage;
import io.github.scalingtoolkit.todo.domain.TodoStore;
import io.github.scalingtoolkit.todo.domain.UserId;
import io.github.scalingtoolkit.todo.login.UserStore;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Date;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Predicate;
import org.bson.Document;
import org.bson.conversions.Bson;
import org.bson.types.ObjectId;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps todos in MongoDB, one document per todo with its outbox entry inside, so that one write creates both or neither.
 *
 * <p><b>Time.</b> An operation waits at most {@code busyTimeout} for a free connection and then has
 * {@code operationTimeout} for everything, retries included. After a few failures the breaker refuses calls at once and a
 * background thread pings the server until it is back, so that while MongoDB is down requests neither wait nor pile up.
 *
 * <p><b>Lost replies.</b> The id is generated here. The guard sends a create whose connection broke once more with the
 * same id, and if that id exists, the first try had worked: this is true on servers without retryable writes, too.
 * Only the second try counts for the breaker, since a healthy server that changes its primary breaks all connections.
 * All other writes are idempotent.
 *
 * <p><b>Creates together.</b> Creates that come while one is under way leave as one insert; see {@link TodoInserts}.
 *
 * <p><b>Start.</b> Opening never fails because the server is down; indexes are created when it first answers.
 *
 * <p>Safe for use by several threads.
 */
public final class MongoTodoStore implements TodoStore, AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(MongoTodoStore.class);
  private static final String COLLECTION = "todos";
  private static final Duration UPKEEP_EVERY = Duration.ofMillis(250);
  private static final Duration PING_TIMEOUT = Duration.ofSeconds(1);
  private static final BulkWriteOptions IN_ANY_ORDER = new BulkWriteOptions().ordered(false);
  private static final int MOST_PAGES_OF_OWNERS = 10;
  private static final ObjectId LEAST_ID = new ObjectId(new byte[12]);

  private final Clock clock;
  private final MongoSettings settings;
  private final MongoClient client;
  private final MongoDatabase database;
  private final MongoCollection<Document> todos;
  private final PoolGauges gauges = new PoolGauges();
  private final MongoCalls calls;
  private final TodoItems items;
  private final TodoInserts inserts;
  private final KeyedCreates keyedCreates;
  private final MongoUserStore users;
  private final TodoIds ids = new TodoIds();
  private final MongoUpkeep upkeep;
  private final Loop loop;

  private MongoTodoStore(MongoSettings settings, Clock clock) {
    this.settings = settings;
    this.clock = clock;
    LastFailure lastFailure = new LastFailure();
    MongoFailures failures = new MongoFailures(settings, lastFailure);
    client = MongoClientFactory.open(settings, gauges, lastFailure);
    database = client.getDatabase(settings.database());
    todos = database.getCollection(COLLECTION);
    calls = new MongoCalls(settings, failures, clock);
    items = new TodoItems(todos, calls, clock);
    inserts = new TodoInserts(todos, calls, failures, settings);
    keyedCreates = new KeyedCreates(database.getCollection("requests"), todos, calls, clock);
    users = new MongoUserStore(database.getCollection("users"), calls);
    upkeep = new MongoUpkeep(
        todos, items, keyedCreates, users, failures, calls.guard(), this::ping, clock);
    // Without it a database that was down would stay refused for ever.
    loop = new Loop("todo-mongo-upkeep", () -> {
      doUpkeep();
      return UPKEEP_EVERY;
    });
  }

  /**
   * Opens the store and starts its background thread. Returns at once, whether or not the server is up.
   *
   * @throws IllegalArgumentException if the driver cannot use the settings
   */
  public static MongoTodoStore open(MongoSettings settings, Clock clock) {
    MongoTodoStore store = openWithoutThread(settings, clock);
    store.loop.start();
    return store;
  }

  /** As {@link #open}, for a caller that steps {@link #doUpkeep} itself. */
  static MongoTodoStore openWithoutThread(MongoSettings settings, Clock clock) {
    return new MongoTodoStore(settings, clock);
  }

  /** Probes a server that was down and creates missing indexes; returns how many of these it did. One thread at a time. */
  int doUpkeep() {
    try {
      return calls.isClosed() ? 0 : upkeep.doWork();
    } catch (RejectedException down) {
      return 0;
    } catch (IllegalStateException e) {
      if (calls.isClosed()) {
        return 0;
      }
      throw e;
    }
  }

  @Override
  public Todo create(UserId owner, NewTodo todo) {
    Todo made = draw(owner, todo);
    inserts.insert(TodoDocuments.write(made));
    return made;
  }

  @Override
  public KeyedCreate createOnce(UserId owner, String key, NewTodo todo) {
    return keyedCreates.create(key, draw(owner, todo));
  }

  private Todo draw(UserId owner, NewTodo todo) {
    Instant now = clock.now().truncatedTo(ChronoUnit.MILLIS);
    return new Todo(
        ids.next(now), todo.title().text(), todo.completed(), todo.order(), owner, now, now);
  }

  @Override
  public Optional<Todo> find(UserId owner, TodoId id) {
    return items.find(owner, id);
  }

  @Override
  public Changed change(UserId owner, TodoId id, TodoChange change, Predicate<Todo> allowed) {
    return items.change(owner, id, change, allowed);
  }

  @Override
  public Changed delete(UserId owner, TodoId id, Predicate<Todo> allowed) {
    return items.delete(owner, id, allowed);
  }

  @Override
  public int deleteCompleted(UserId owner) {
    return items.deleteCompleted(owner);
  }

  @Override
  public TodoPage listByUser(
      UserId owner, int limit, @Nullable TodoId after, @Nullable Boolean completed) {
    TodoStore.requireLimit(limit);
    List<Document> found = calls.call(budget -> budget
        .of(todos)
        .find(Filters.and(
            TodoDocuments.ownedBy(owner),
            idAfter(after),
            TodoDocuments.SHOWN,
            completed == null
                ? Filters.empty()
                : completed
                    ? Filters.eq(TodoDocuments.COMPLETED, true)
                    : Filters.ne(TodoDocuments.COMPLETED, true)))
        .projection(Projections.exclude(TodoDocuments.OUTBOX))
        .sort(Sorts.ascending(TodoDocuments.ID))
        .limit(limit + 1)
        .batchSize(limit + 1)
        .into(new ArrayList<>()));
    List<Document> page = found.subList(0, Math.min(limit, found.size()));
    return new TodoPage(
        page.stream().map(TodoDocuments::read).filter(Objects::nonNull).toList(),
        nextAfter(found, limit));
  }

  @Override
  public int removeOutboxEntries(Collection<JobId> jobs) {
    if (jobs.isEmpty()) {
      return 0;
    }
    return calls.call(budget -> {
      int removed = update(budget, jobs, MongoTodoStore::removeLastEntry);
      if (removed < jobs.size()) {
        removed += update(budget, jobs, this::removeLastEntryOfDeleted);
      }
      return removed == jobs.size()
          ? removed
          : removed + update(budget, jobs, MongoTodoStore::removeOneOfSeveral);
    });
  }

  /** Sends one update per job, all in one command; returns how many documents they matched. */
  private int update(
      MongoCalls.Budget budget,
      Collection<JobId> jobs,
      Function<JobId, UpdateOneModel<Document>> update) {
    return budget
        .of(todos)
        .bulkWrite(jobs.stream().map(update).toList(), IN_ANY_ORDER)
        .getMatchedCount();
  }

  /** An empty array would stay in a sparse index: removing the last entry also removes the field. */
  private static UpdateOneModel<Document> removeLastEntry(JobId job) {
    return new UpdateOneModel<>(
        Filters.and(entryOf(job), Filters.size(TodoDocuments.OUTBOX, 1), TodoDocuments.SHOWN),
        Updates.unset(TodoDocuments.OUTBOX));
  }

  /** From now on the job has ended, and is known for as long as those of other deleted todos. */
  private UpdateOneModel<Document> removeLastEntryOfDeleted(JobId job) {
    return new UpdateOneModel<>(
        Filters.and(
            entryOf(job),
            Filters.size(TodoDocuments.OUTBOX, 1),
            Filters.exists(TodoDocuments.DELETED_AT)),
        Updates.combine(
            Updates.unset(TodoDocuments.OUTBOX),
            Updates.set(TodoDocuments.DELETED_AT, Date.from(clock.now()))));
  }

  private static UpdateOneModel<Document> removeOneOfSeveral(JobId job) {
    return new UpdateOneModel<>(
        entryOf(job),
        Updates.pull(TodoDocuments.OUTBOX, new Document(TodoDocuments.JOB_ID, job.text())));
  }

  private static Bson entryOf(JobId job) {
    return Filters.and(
        Filters.eq(TodoDocuments.ID, TodoDocuments.objectId(job.todoId())),
        Filters.eq(TodoDocuments.OUTBOX_JOB_ID, job.text()));
  }

  @Override
  public OutboxPage findOutboxOlderThan(Duration age, int limit, @Nullable TodoId after) {
    TodoStore.requireLimit(limit);
    Date before = Date.from(clock.now().minus(age));
    List<Document> found = calls.call(budget -> budget
        .of(todos)
        .find(Filters.and(Filters.lt(TodoDocuments.OUTBOX_CREATED_AT, before), idAfter(after)))
        .projection(Projections.include(
            TodoDocuments.USER_ID, TodoDocuments.DELETED_BY, TodoDocuments.OUTBOX))
        .sort(Sorts.ascending(TodoDocuments.ID))
        .limit(limit + 1)
        .batchSize(limit + 1)
        .into(new ArrayList<>()));
    List<Document> page = found.subList(0, Math.min(limit, found.size()));
    return new OutboxPage(
        page.stream().map(TodoDocuments::readOutbox).flatMap(Optional::stream).toList(),
        nextAfter(found, limit));
  }

  @Override
  public Optional<TodoJob> findJob(JobId job) {
    return Optional.ofNullable(calls.call(budget -> budget
            .of(todos)
            .find(Filters.eq(TodoDocuments.ID, TodoDocuments.objectId(job.todoId())))
            .projection(Projections.include(
                TodoDocuments.USER_ID, TodoDocuments.DELETED_BY, TodoDocuments.OUTBOX))
            .first()))
        .flatMap(TodoDocuments::readJob);
  }

  @Override
  public List<UserId> latestOwners(int limit) {
    TodoStore.requireLimit(limit);
    List<UserId> owners = new ArrayList<>();
    ObjectId before = null;
    // No index leaves out what was deleted, so the server would read all of that to find one that
    // was not.
    for (int page = 0; page < MOST_PAGES_OF_OWNERS && owners.size() < limit; page++) {
      Bson older = before == null ? Filters.empty() : Filters.lt(TodoDocuments.ID, before);
      List<Document> newest = calls.call(budget -> budget
          .of(todos)
          .find(older)
          .projection(Projections.include(TodoDocuments.USER_ID))
          .sort(Sorts.descending(TodoDocuments.ID))
          .limit(limit)
          .batchSize(limit)
          .into(new ArrayList<>()));
      newest.stream()
          .map(TodoDocuments::owner)
          .filter(Objects::nonNull)
          .limit(limit - owners.size())
          .forEach(owners::add);
      if (newest.size() < limit
          || !(newest.get(limit - 1).get(TodoDocuments.ID) instanceof ObjectId last)) {
        break;
      }
      before = last;
    }
    return owners.stream().distinct().toList();
  }

  /** {@inheritDoc} It waits at most 1 s. */
  @Override
  public void ping() {
    calls.translated(() -> database
        .withTimeout(PING_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)
        .runCommand(new Document("ping", 1)));
  }

  /**
   * Registers gauges of the connections, {@code toolkit.todo.store.connections{state=open|busy}}, and of an index that keeps
   * users from being added, {@code toolkit.todo.users.unfit}, which is 1 then.
   */
  public void bindTo(MeterRegistry registry) {
    gauges.bindTo(registry);
    Gauge.builder("toolkit.todo.users.unfit", upkeep, looked -> looked.isUsersUnfit() ? 1 : 0)
        .description("1 while an index on users keeps users from being added")
        .register(registry);
  }

  /** Returns how the guard of all operations stands. */
  GuardCounts guardCounts() {
    return calls.guard().counts();
  }

  /** Returns how many creates wait for one that is under way. */
  int waitingCreates() {
    return inserts.waiting();
  }

  /** Returns the users, kept beside the todos under the same bounds. */
  public UserStore users() {
    return users;
  }

  /** Closes every connection; operations in progress fail. Does nothing the second time. */
  @Override
  public void close() {
    calls.close();
    loop.close();
    client.close();
  }

  private static Bson idAfter(@Nullable TodoId after) {
    return Filters.gt(TodoDocuments.ID, after == null ? LEAST_ID : TodoDocuments.objectId(after));
  }

  private static @Nullable TodoId nextAfter(List<Document> found, int limit) {
    return found.size() > limit
        ? new TodoId(found.get(limit - 1).getObjectId(TodoDocuments.ID).toHexString())
        : null;
  }
}
