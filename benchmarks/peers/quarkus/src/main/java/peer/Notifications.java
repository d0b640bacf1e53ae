package peer;

import io.quarkus.redis.datasource.ReactiveRedisDataSource;
import io.quarkus.redis.datasource.list.ReactiveListCommands;
import io.quarkus.redis.datasource.value.ReactiveValueCommands;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import io.smallrye.mutiny.Uni;
import io.smallrye.mutiny.subscription.Cancellable;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Duration;

/** Jobs in a list of Redis, with one consumer. A job that was taken and not done when the process ends is lost. */
@ApplicationScoped
class Notifications {
  private static final String WAITING = "notifications:waiting";
  private static final String DONE = "notifications:done";
  private static final Duration POLL = Duration.ofSeconds(1);
  private static final Duration PAUSE = Duration.ofMillis(500);

  private final ReactiveListCommands<String, Notification> lists;
  private final ReactiveValueCommands<String, Long> counts;
  private Cancellable consumer;

  Notifications(ReactiveRedisDataSource redis) {
    lists = redis.list(Notification.class);
    counts = redis.value(Long.class);
  }

  record Notification(String userId, String todoId) {}

  Uni<Long> add(String userId, String todoId) {
    return lists.rpush(WAITING, new Notification(userId, todoId));
  }

  void started(@Observes StartupEvent started) {
    consumer = lists
        .blpop(POLL, WAITING)
        .onItem()
        .ifNotNull()
        .call(taken -> counts.incr(DONE))
        .onFailure()
        .invoke(failure -> System.err.println("no jobs are taken: " + failure.getMessage()))
        .onFailure()
        .retry()
        .withBackOff(PAUSE, PAUSE)
        .indefinitely()
        .repeat()
        .indefinitely()
        .subscribe()
        .with(taken -> {});
  }

  void stopped(@Observes ShutdownEvent stopped) {
    consumer.cancel();
  }
}
