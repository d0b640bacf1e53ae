package io.github.scalingtoolkit.todo.domain;

import static io.github.scalingtoolkit.todo.domain.TodoStore.ALWAYS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.core.time.ManualClock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What every {@link TodoStore} does. Users are new in each test, so one database serves all of them. */
public abstract class TodoStoreContract {
  private static final TodoId NEVER = new TodoId("f".repeat(24));
  private static final Instant START = Instant.parse("2026-11-23T08:00:00.123456Z");

  private final ManualClock clock = ManualClock.startingAt(START);
  private final UserId owner = new UserId("user-" + UUID.randomUUID());
  private final UserId other = new UserId("other-" + UUID.randomUUID());
  private TodoStore store;

  /** Returns a store without outbox entries, on {@code clock}. */
  protected abstract TodoStore emptyStore(Clock clock);

  @BeforeEach
  final void openStore() {
    store = emptyStore(clock);
  }

  @Test
  void returnsATodoAsItListsIt() {
    Todo made = store.create(owner, new NewTodo(new Title("Buy milk \uD83E\uDD5B"), true));

    assertThat(made.title()).isEqualTo("Buy milk \uD83E\uDD5B");
    assertThat(made.completed()).isTrue();
    assertThat(made.userId()).isEqualTo(owner);
    assertThat(made.createdAt()).isEqualTo(Instant.parse("2026-11-23T08:00:00.123Z"));
    assertThat(made.updatedAt()).isEqualTo(made.createdAt());
    assertThat(store.listByUser(owner, 10, null).todos()).containsExactly(made);
  }

  @Test
  void listsNothingForAUserWithoutTodos() {
    assertThat(store.listByUser(owner, 10, null)).isEqualTo(new TodoPage(List.of(), null));
  }

  @Test
  void listsOldestFirstAndOnlyTheOwnersTodos() {
    create(owner, "one");
    create(new UserId("other-" + UUID.randomUUID()), "not mine");
    create(owner, "two");
    create(owner, "three");

    assertThat(titles(store.listByUser(owner, 1000, null))).containsExactly("one", "two", "three");
  }

  @Test
  void pagesWithoutGapsOrRepeats() {
    List<String> made = new ArrayList<>();
    for (int i = 0; i < 7; i++) {
      made.add(create(owner, "t" + i).title());
    }

    for (int limit = 1; limit <= 8; limit++) {
      List<String> read = new ArrayList<>();
      TodoId after = null;
      do {
        TodoPage page = store.listByUser(owner, limit, after);
        assertThat(page.todos()).isNotEmpty().hasSizeLessThanOrEqualTo(limit);
        read.addAll(titles(page));
        after = page.next();
      } while (after != null);
      assertThat(read).isEqualTo(made);
    }
  }

  @Test
  void listsAThousandAtOnceAndThenGivesTheNextCursor() {
    for (int i = 0; i < 1000; i++) {
      create(owner, "t" + i);
    }

    TodoPage whole = store.listByUser(owner, 1000, null);
    create(owner, "one more");
    TodoPage first = store.listByUser(owner, 1000, null);

    assertThat(whole.todos()).hasSize(1000);
    assertThat(whole.next()).isNull();
    assertThat(first.todos()).isEqualTo(whole.todos());
    assertThat(titles(store.listByUser(owner, 1000, first.next()))).containsExactly("one more");
  }

  @Test
  void refusesLimitsOutOfRange() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> store.listByUser(owner, 0, null))
        .withMessage("limit must be 1 to 1000 but was 0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> store.findOutboxOlderThan(Duration.ZERO, 1001, null));
  }

  @Test
  void owesANotificationFromTheWriteThatMadeTheTodo() {
    Todo made = create(owner, "notify me");

    clock.advance(Duration.ofMillis(1));

    assertThat(store.findJob(JobId.of(made.id()))).contains(new TodoJob(owner, true));
    assertThat(store.findOutboxOlderThan(Duration.ZERO, 100, null).entries())
        .contains(new OutboxEntry(JobId.of(made.id()), owner, made.createdAt()));
  }

  @Test
  void removesAnEntryOnceAndStillKnowsTheOwner() {
    Todo made = create(owner, "notify me");
    JobId job = JobId.of(made.id());

    assertThat(store.removeOutboxEntries(List.of(job))).isEqualTo(1);
    assertThat(store.removeOutboxEntries(List.of(job))).isZero();
    assertThat(store.findJob(job)).contains(new TodoJob(owner, false));
    assertThat(store.listByUser(owner, 10, null).todos()).containsExactly(made);
  }

  @Test
  void removesTheEntriesOfManyJobsAtOnceAndCountsThoseThatWereThere() {
    JobId gone = JobId.of(create(owner, "gone").id());
    JobId one = JobId.of(create(owner, "one").id());
    JobId other = JobId.of(create(owner, "other").id());
    JobId left = JobId.of(create(owner, "left").id());
    JobId never = JobId.of(new TodoId("f".repeat(24)));
    store.removeOutboxEntries(List.of(gone));
    clock.advance(Duration.ofMillis(1));

    assertThat(store.removeOutboxEntries(List.of())).isZero();
    assertThat(store.removeOutboxEntries(List.of(one, gone, never, other))).isEqualTo(2);
    assertThat(jobs(store.findOutboxOlderThan(Duration.ZERO, 100, null))).containsExactly(left);
  }

  @Test
  void knowsNothingOfAJobThatNeverWas() {
    JobId job = JobId.of(new TodoId("f".repeat(24)));

    assertThat(store.findJob(job)).isEmpty();
    assertThat(store.removeOutboxEntries(List.of(job))).isZero();
  }

  @Test
  void findsOnlyEntriesOwedForLongerThanTheAge() {
    Todo old = create(owner, "old");
    clock.advance(Duration.ofSeconds(20));
    create(owner, "young");
    clock.advance(Duration.ofSeconds(11));

    assertThat(jobs(store.findOutboxOlderThan(Duration.ofSeconds(30), 100, null)))
        .containsExactly(JobId.of(old.id()));
  }

  @Test
  void sweepsAllOwedEntriesPageByPage() {
    List<JobId> owed = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      JobId job = JobId.of(create(owner, "t" + i).id());
      if (i % 3 == 0) {
        store.removeOutboxEntries(List.of(job));
      } else {
        owed.add(job);
      }
    }
    clock.advance(Duration.ofMinutes(1));

    List<JobId> found = new ArrayList<>();
    TodoId after = null;
    do {
      OutboxPage page = store.findOutboxOlderThan(Duration.ofSeconds(30), 2, after);
      found.addAll(jobs(page));
      after = page.next();
    } while (after != null);
    assertThat(found).isEqualTo(owed);
  }

  @Test
  void doesWhatTheOracleDoesForAnySequence() {
    Random random = new Random(4);
    TodoStore oracle = new InMemoryTodoStore(clock);
    List<UserId> users =
        List.of(owner, new UserId("6560f0c0ffee6560f0c0ffee"), new UserId("a.b$c"));
    List<Todo> mine = new ArrayList<>();
    List<Todo> theirs = new ArrayList<>();

    for (int step = 0; step < 150; step++) {
      clock.advance(Duration.ofMillis(random.nextInt(3000)));
      UserId user = users.get(random.nextInt(users.size()));
      if (random.nextInt(3) > 0 || mine.isEmpty()) {
        NewTodo input = new NewTodo(new Title("t" + step), random.nextBoolean());
        mine.add(store.create(user, input));
        theirs.add(oracle.create(user, input));
      } else {
        int chosen = random.nextInt(mine.size());
        assertThat(store.removeOutboxEntries(List.of(JobId.of(mine.get(chosen).id()))))
            .isEqualTo(
                oracle.removeOutboxEntries(List.of(JobId.of(theirs.get(chosen).id()))));
      }
      Duration age = Duration.ofSeconds(random.nextInt(60));
      assertThat(store.findOutboxOlderThan(age, 1000, null).entries().stream()
              .map(entry -> indexOf(mine, entry.todoId()))
              .toList())
          .isEqualTo(oracle.findOutboxOlderThan(age, 1000, null).entries().stream()
              .map(entry -> indexOf(theirs, entry.todoId()))
              .toList());
    }
    for (UserId user : users) {
      assertThat(titles(store.listByUser(user, 1000, null)))
          .containsSubsequence(titles(oracle.listByUser(user, 1000, null)));
    }
  }

  @Test
  void findsATodoForItsOwnerAlone() {
    Todo made = store.create(owner, new NewTodo(new Title("Buy milk"), false, 2.5));

    assertThat(store.find(owner, made.id())).contains(made);
    assertThat(store.find(other, made.id())).isEmpty();
    assertThat(store.find(owner, NEVER)).isEmpty();
  }

  @Test
  void changesWhatAChangeNamesAndNothingElse() {
    Todo made = store.create(owner, new NewTodo(new Title("Buy milk"), false, 1.0));
    clock.advance(Duration.ofSeconds(1));

    Changed title = store.change(
        owner, made.id(), new TodoChange(new Title("Buy oats"), null, null, false), ALWAYS);
    Changed all = store.change(
        owner,
        made.id(),
        TodoChange.replacingAll(new NewTodo(new Title("Replaced"), true)),
        ALWAYS);

    Instant now = made.createdAt().plusSeconds(1);
    assertThat(title)
        .isEqualTo(new Changed.Done(
            new Todo(made.id(), "Buy oats", false, 1.0, owner, made.createdAt(), now)));
    Todo replaced = new Todo(made.id(), "Replaced", true, null, owner, made.createdAt(), now);
    assertThat(all).isEqualTo(new Changed.Done(replaced));
    assertThat(store.find(owner, made.id())).contains(replaced);
    assertThat(store.findJob(JobId.of(made.id()))).contains(new TodoJob(owner, true));
  }

  @Test
  void changesNothingOfAnotherUserOrUnderAConditionThatDoesNotHold() {
    Todo made = create(owner, "Buy milk");
    TodoChange done = new TodoChange(null, true, null, false);

    assertThat(store.change(other, made.id(), done, ALWAYS)).isEqualTo(new Changed.Missing());
    assertThat(store.change(owner, NEVER, done, ALWAYS)).isEqualTo(new Changed.Missing());
    assertThat(store.change(owner, NEVER, done, todo -> true)).isEqualTo(new Changed.Missing());
    assertThat(store.change(owner, made.id(), done, todo -> false))
        .isEqualTo(new Changed.NotAllowed());
    assertThat(store.delete(other, made.id(), ALWAYS)).isEqualTo(new Changed.Missing());
    assertThat(store.delete(owner, made.id(), todo -> false)).isEqualTo(new Changed.NotAllowed());
    assertThat(store.find(owner, made.id())).contains(made);
    assertThat(store.change(owner, made.id(), done, made::equals)).isInstanceOf(Changed.Done.class);
  }

  @Test
  void ofChangesUnderOneConditionOneIsMade() {
    Todo made = create(owner, "Buy milk");
    List<CompletableFuture<Changed>> changes = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      TodoChange change = new TodoChange(new Title("by " + i), null, null, false);
      changes.add(CompletableFuture.supplyAsync(
          () -> store.change(owner, made.id(), change, made::equals)));
    }

    assertThat(changes.stream().map(CompletableFuture::join))
        .filteredOn(Changed.Done.class::isInstance)
        .hasSize(1);
  }

  @Test
  void aDeletedTodoIsInNoAnswerButThatOfItsJob() {
    Todo settled = create(owner, "settled");
    Todo owing = create(owner, "owing");
    store.removeOutboxEntries(List.of(JobId.of(settled.id())));
    clock.advance(Duration.ofMillis(1));

    assertThat(store.delete(owner, settled.id(), ALWAYS)).isEqualTo(new Changed.Done(settled));
    assertThat(store.delete(owner, owing.id(), owing::equals)).isEqualTo(new Changed.Done(owing));

    JobId job = JobId.of(owing.id());
    assertThat(store.listByUser(owner, 10, null).todos()).isEmpty();
    assertThat(store.find(owner, owing.id())).isEmpty();
    assertThat(store.delete(owner, owing.id(), ALWAYS)).isEqualTo(new Changed.Missing());
    assertThat(store.change(owner, owing.id(), new TodoChange(null, true, null, false), ALWAYS))
        .isEqualTo(new Changed.Missing());
    assertThat(store.findJob(JobId.of(settled.id()))).contains(new TodoJob(owner, false));
    assertThat(store.findJob(job)).contains(new TodoJob(owner, true));
    assertThat(store.latestOwners(100)).doesNotContain(owner);
    assertThat(jobs(store.findOutboxOlderThan(Duration.ZERO, 100, null))).contains(job);
    JobId another = JobId.of(create(owner, "another").id());
    assertThat(store.removeOutboxEntries(List.of(job, another))).isEqualTo(2);
    assertThat(store.findJob(job)).contains(new TodoJob(owner, false));
    assertThat(store.findJob(another)).contains(new TodoJob(owner, false));
  }

  @Test
  void deletesAllThatIsDoneTogether() {
    Todo open = create(owner, "open");
    Todo settled = store.create(owner, new NewTodo(new Title("settled"), true));
    Todo owing = store.create(owner, new NewTodo(new Title("owing"), true));
    Todo others = store.create(other, new NewTodo(new Title("other's"), true));
    store.removeOutboxEntries(List.of(JobId.of(settled.id())));

    assertThat(store.deleteCompleted(owner)).isEqualTo(2);
    assertThat(store.deleteCompleted(owner)).isZero();

    assertThat(store.listByUser(owner, 10, null).todos()).containsExactly(open);
    assertThat(store.find(other, others.id())).contains(others);
    assertThat(store.findJob(JobId.of(owing.id()))).contains(new TodoJob(owner, true));
  }

  @Test
  void listsOnlyWhatIsDoneOrOnlyWhatIsNot() {
    List<String> done = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      String title = "t" + i;
      store.create(owner, new NewTodo(new Title(title), i % 2 == 0));
      if (i % 2 == 0) {
        done.add(title);
      }
    }

    TodoPage first = store.listByUser(owner, 2, null, true);
    assertThat(titles(first)).isEqualTo(done.subList(0, 2));
    assertThat(titles(store.listByUser(owner, 2, first.next(), true)))
        .isEqualTo(done.subList(2, 3));
    assertThat(titles(store.listByUser(owner, 10, null, false))).containsExactly("t1", "t3", "t5");
  }

  @Test
  void oneKeyMakesOneTodoForADay() {
    NewTodo milk = new NewTodo(new Title("Buy milk"), false);
    String key = "key-1";

    KeyedCreate first = store.createOnce(owner, key, milk);
    KeyedCreate again = store.createOnce(owner, key, milk);
    KeyedCreate another = store.createOnce(owner, key, new NewTodo(new Title("Buy oats"), false));
    KeyedCreate others = store.createOnce(other, key, milk);

    Todo made = ((KeyedCreate.Made) first).todo();
    assertThat(again).isEqualTo(new KeyedCreate.Repeated(made));
    assertThat(another).isEqualTo(new KeyedCreate.OtherRequest());
    assertThat(((KeyedCreate.Made) others).todo().id()).isNotEqualTo(made.id());
    store.change(owner, made.id(), new TodoChange(new Title("Changed"), null, null, false), ALWAYS);
    assertThat(store.createOnce(owner, key, milk)).isEqualTo(new KeyedCreate.Repeated(made));
    assertThat(store.listByUser(owner, 10, null).todos()).hasSize(1);
    clock.advance(TodoStore.KEY_LIFE);
    assertThat(store.createOnce(owner, key, milk)).isInstanceOf(KeyedCreate.Made.class);
    assertThat(store.listByUser(owner, 10, null).todos()).hasSize(2);
  }

  @Test
  void ofManyRequestsWithOneKeyAtOnceOneMakesTheTodo() {
    NewTodo milk = new NewTodo(new Title("Buy milk"), false);
    List<CompletableFuture<KeyedCreate>> requests = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      requests.add(CompletableFuture.supplyAsync(() -> store.createOnce(owner, "key", milk)));
    }

    List<KeyedCreate> outcomes = requests.stream().map(CompletableFuture::join).toList();

    assertThat(outcomes).filteredOn(KeyedCreate.Made.class::isInstance).hasSize(1);
    assertThat(outcomes).noneMatch(KeyedCreate.OtherRequest.class::isInstance);
    assertThat(store.listByUser(owner, 10, null).todos()).hasSize(1);
  }

  @Test
  void losesNoConcurrentCreate() {
    List<CompletableFuture<Void>> writers = new ArrayList<>();
    for (int writer = 0; writer < 4; writer++) {
      writers.add(CompletableFuture.runAsync(() -> {
        for (int i = 0; i < 25; i++) {
          create(owner, "t" + i);
        }
      }));
    }
    writers.forEach(CompletableFuture::join);

    assertThat(store.listByUser(owner, 1000, null).todos()).hasSize(100).doesNotHaveDuplicates();
  }

  @Test
  void namesTheLatestOwnersEachOnce() {
    UserId second = new UserId("second-" + UUID.randomUUID());
    create(owner, "one");
    create(second, "two");
    create(owner, "three");

    assertThat(store.latestOwners(3)).containsExactly(owner, second);
    assertThat(store.latestOwners(1)).containsExactly(owner);
    for (int i = 0; i < 5; i++) {
      store.delete(owner, create(owner, "deleted " + i).id(), ALWAYS);
    }
    assertThat(store.latestOwners(1)).as("what was deleted does not count").containsExactly(owner);
    assertThat(store.latestOwners(2)).containsExactly(owner, second);
    assertThatIllegalArgumentException().isThrownBy(() -> store.latestOwners(0));
  }

  @Test
  void answersAPing() {
    store.ping();
  }

  private Todo create(UserId user, String title) {
    return store.create(user, new NewTodo(new Title(title), false));
  }

  private static List<String> titles(TodoPage page) {
    return page.todos().stream().map(Todo::title).toList();
  }

  private static List<JobId> jobs(OutboxPage page) {
    return page.entries().stream().map(OutboxEntry::jobId).toList();
  }

  private static @Nullable Integer indexOf(List<Todo> todos, TodoId id) {
    for (int i = 0; i < todos.size(); i++) {
      if (todos.get(i).id().equals(id)) {
        return i;
      }
    }
    return null;
  }
}
