package io.github.scalingtoolkit.todo.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.core.time.ManualClock;
import io.github.scalingtoolkit.queue.JobQueue;
import io.github.scalingtoolkit.queue.QueueListener;
import io.github.scalingtoolkit.queue.Worker;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.RedisServer;
import io.github.scalingtoolkit.todo.domain.InMemoryTodoStore;
import io.github.scalingtoolkit.todo.domain.JobId;
import io.github.scalingtoolkit.todo.domain.NewTodo;
import io.github.scalingtoolkit.todo.domain.StoreException;
import io.github.scalingtoolkit.todo.domain.Title;
import io.github.scalingtoolkit.todo.domain.TodoJob;
import io.github.scalingtoolkit.todo.domain.UserId;
import io.github.scalingtoolkit.todo.jobs.Notifications.Known;
import io.github.scalingtoolkit.todo.jobs.Notifications.Unknown;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class OutboxSweeperTest {
  private static final UserId USER = new UserId("ada");

  private final ManualClock clock = ManualClock.startingAt(Instant.parse("2026-01-02T03:04:05Z"));
  private final StoreThatMayRefuse store = new StoreThatMayRefuse();
  private RedisServer server;
  private RedisAccess redis;
  private JobQueue queue;
  private Notifications notifications;
  private OutboxSweeper sweeper;

  @BeforeEach
  void start() {
    server = RedisServer.start();
    redis = RedisAccess.builder(server.url()).deadline(Duration.ofSeconds(5)).build();
    queue = JobQueue.builder(redis, Notifications.QUEUE).build();
    notifications = new Notifications(redis, queue);
    sweeper = new OutboxSweeper(
        store, notifications, OutboxSweeper.OWED_TOO_LONG, Duration.ofSeconds(10));
  }

  @AfterEach
  void stop() {
    redis.close();
    server.close();
  }

  @Test
  void enqueuesWhatRedisDoesNotKnowAndTakesOutWhatHasEnded() {
    JobId ended = endedButStillOwed();
    JobId lost = owed();
    clock.advance(Duration.ofMinutes(1));

    assertThat(sweeper.doWork()).isEqualTo(2);

    assertThat(notifications.find(lost)).isEqualTo(new Known("waiting", 0));
    assertThat(store.findJob(lost)).contains(new TodoJob(USER, true));
    assertThat(store.findJob(ended)).contains(new TodoJob(USER, false));
    assertThat(sweeper.doWork()).isZero();
  }

  @Test
  void leavesTheYoungAlone() {
    JobId young = owed();
    clock.advance(OutboxSweeper.OWED_TOO_LONG);

    assertThat(sweeper.doWork()).isZero();
    assertThat(notifications.find(young)).isEqualTo(new Unknown());
  }

  @Test
  void catchingUpTakesTheYoungAsWellAndGoesOnUntilRedisAnswers() {
    JobId young = owed();
    server.kill();
    sweeper.enqueueFailed();

    assertThat(sweeper.step()).isEqualTo(Duration.ofSeconds(1));
    server.restart();
    Await.until("the next step works", () -> sweeper.step().equals(Duration.ofSeconds(10)));

    assertThat(notifications.find(young)).isEqualTo(new Known("waiting", 0));
    JobId next = owed();
    assertThat(sweeper.step()).isEqualTo(Duration.ofSeconds(10));
    assertThat(notifications.find(next)).isEqualTo(new Unknown());
    sweeper.catchUp();
    sweeper.step();
    assertThat(notifications.find(next)).isEqualTo(new Known("waiting", 0));
  }

  @Test
  void manyOwedEntriesAreAskedForTogether() {
    int owed = 600;
    for (int i = 0; i < owed; i++) {
      owed();
    }
    clock.advance(Duration.ofMinutes(1));

    assertThat(sweeper.doWork()).isEqualTo(owed);
    assertThat(sweeper.doWork()).isZero();
  }

  @Test
  void noRoundTripAsksForMoreThanFiftyJobs() {
    for (int i = 0; i < 120; i++) {
      enqueue(owed());
    }
    clock.advance(Duration.ofMinutes(1));

    try (RedisAccess counted =
        RedisAccess.builder(server.url()).deadline(Duration.ofSeconds(5)).build()) {
      JobQueue asked = JobQueue.builder(counted, Notifications.QUEUE).build();
      OutboxSweeper asking = new OutboxSweeper(
          store,
          new Notifications(counted, asked),
          OutboxSweeper.OWED_TOO_LONG,
          Duration.ofSeconds(10));

      assertThat(asking.doWork()).isZero();
      assertThat(counted.guard().counts().window().successful()).isEqualTo(3);
    }
  }

  @Test
  void aRemovalThatTheStoreRefusesHindersNoNotification() {
    JobId ended = endedButStillOwed();
    JobId lost = owed();
    clock.advance(Duration.ofMinutes(1));
    store.refuses = true;

    assertThatExceptionOfType(StoreException.class).isThrownBy(sweeper::doWork);

    assertThat(notifications.find(lost)).isEqualTo(new Known("waiting", 0));
    store.refuses = false;
    assertThat(sweeper.doWork()).isOne();
    assertThat(store.findJob(ended)).contains(new TodoJob(USER, false));
  }

  private JobId owed() {
    return JobId.of(
        store.create(USER, new NewTodo(new Title("Buy milk"), false)).id());
  }

  private void enqueue(JobId job) {
    notifications.enqueue(
        job.todoId(), USER, (access, call) -> access.evalAll(List.of(call)).get(0));
  }

  /** As when the process died, or the store was away, between the delivery and the removal. */
  private JobId endedButStillOwed() {
    JobId job = owed();
    enqueue(job);
    try (Worker worker = NotificationWorker.start(
        queue, new NowhereSink(), new InMemoryTodoStore(clock), 1, new QueueListener() {})) {
      Await.until(
          "the job has ended",
          () ->
              notifications.find(job) instanceof Known known && known.state().equals("completed"));
    }
    return job;
  }

  private static final class NowhereSink implements NotificationSink {
    @Override
    public void deliver(String jobId, Notification notification) {}

    @Override
    public void close() {}
  }

  private final class StoreThatMayRefuse extends InMemoryTodoStore {
    private boolean refuses;

    StoreThatMayRefuse() {
      super(clock);
    }

    @Override
    public synchronized int removeOutboxEntries(Collection<JobId> jobs) {
      if (refuses) {
        throw new StoreException("a document that does not fit", null);
      }
      return super.removeOutboxEntries(jobs);
    }
  }
}
