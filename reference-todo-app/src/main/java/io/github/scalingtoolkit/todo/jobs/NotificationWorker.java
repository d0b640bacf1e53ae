package io.github.scalingtoolkit.todo.jobs;

import io.github.scalingtoolkit.queue.Job;
import io.github.scalingtoolkit.queue.JobOutcome;
import io.github.scalingtoolkit.queue.JobQueue;
import io.github.scalingtoolkit.queue.QueueListener;
import io.github.scalingtoolkit.queue.Worker;
import io.github.scalingtoolkit.todo.domain.JobId;
import io.github.scalingtoolkit.todo.domain.TodoStore;
import java.io.IOException;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Delivers notifications and then takes their entries out of the outbox. Killed between the two, it delivers again: at
 * least once. If the entry cannot be removed now, the sweeper does it.
 *
 * <p>The entry is removed once its notification is delivered, just before the queue records the job's end: if the queue is lost in
 * between, nothing is left to do, and when there is no entry the job is in the queue, running or ended. The entry of a
 * dead job is removed by the sweeper, when the queue reports it as dead.
 */
public final class NotificationWorker {
  private static final Logger log = LoggerFactory.getLogger(NotificationWorker.class);

  private final NotificationSink sink;
  private final OutboxRemovals removals;

  private NotificationWorker(NotificationSink sink, OutboxRemovals removals) {
    this.sink = sink;
    this.removals = removals;
  }

  /** Starts to deliver jobs of {@code queue} to {@code sink}, {@code concurrency} at a time. */
  public static Worker start(
      JobQueue queue,
      NotificationSink sink,
      TodoStore store,
      int concurrency,
      QueueListener listener) {
    NotificationWorker worker = new NotificationWorker(sink, new OutboxRemovals(store));
    return Worker.builder(queue)
        .handle(Notifications.SEND_EMAIL, Notifications.RETRIES, worker::handle)
        .concurrency(concurrency)
        .listener(listener)
        .start();
  }

  private JobOutcome handle(Job<Notification> job) throws IOException {
    sink.deliver(job.id().value(), job.payload());
    Optional<JobId> owed = JobId.parse(job.id().value());
    if (owed.isPresent() && !removals.remove(owed.get())) {
      log.debug("job={} outbox=kept action=sweeper", job.id());
    }
    return JobOutcome.done();
  }
}
