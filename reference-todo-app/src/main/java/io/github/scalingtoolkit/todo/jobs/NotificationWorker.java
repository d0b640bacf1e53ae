package io.github.scalingtoolkit.todo.jobs;

import io.github.scalingtoolkit.queue.JobOutcome;
import io.github.scalingtoolkit.queue.JobQueue;
import io.github.scalingtoolkit.queue.Outbox;
import io.github.scalingtoolkit.queue.QueueListener;
import io.github.scalingtoolkit.queue.Worker;

/**
 * Delivers notifications and then takes their entries out of the outbox. Killed between the two, it delivers again: at
 * least once. If the entry cannot be removed now, the outbox' sweep does it.
 *
 * <p>The entry is removed once its notification is delivered, just before the queue records the job's end: if the queue is lost in
 * between, nothing is left to do, and when there is no entry the job is in the queue, running or ended. The entry of a
 * dead job is removed by the sweep, when the queue reports it as dead.
 */
public final class NotificationWorker {
  private NotificationWorker() {}

  /** Starts to deliver jobs of {@code queue} to {@code sink}, {@code concurrency} at a time. */
  public static Worker start(
      JobQueue queue,
      NotificationSink sink,
      Outbox outbox,
      int concurrency,
      QueueListener listener) {
    return Worker.builder(queue)
        .handle(Notifications.SEND_EMAIL, Notifications.RETRIES, job -> {
          sink.deliver(job.id().value(), job.payload());
          return JobOutcome.done();
        })
        .around(outbox.removing())
        .concurrency(concurrency)
        .listener(listener)
        .start();
  }
}
