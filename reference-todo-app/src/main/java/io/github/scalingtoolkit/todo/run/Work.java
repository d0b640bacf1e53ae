package io.github.scalingtoolkit.todo.run;

import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.queue.JobQueue;
import io.github.scalingtoolkit.queue.Outbox;
import io.github.scalingtoolkit.queue.QueueMetrics;
import io.github.scalingtoolkit.queue.Worker;
import io.github.scalingtoolkit.todo.config.TodoSettings;
import io.github.scalingtoolkit.todo.jobs.JsonLinesSink;
import io.github.scalingtoolkit.todo.jobs.NotificationSink;
import io.github.scalingtoolkit.todo.jobs.NotificationWorker;
import io.github.scalingtoolkit.todo.jobs.Notifications;
import io.github.scalingtoolkit.todo.jobs.SmtpSink;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.file.Path;
import java.time.Duration;

/** What delivers notifications. */
record Work(Worker worker, NotificationSink sink) {

  /** Starts to deliver, by mail or else to a file in {@code directory}. */
  static Work start(
      TodoSettings settings,
      Path directory,
      Outbox outbox,
      JobQueue queue,
      Clock clock,
      MeterRegistry meters) {
    return Started.all(started -> {
      NotificationSink sink = started.add(
          settings
              .smtpUrl()
              .<NotificationSink>map(SmtpSink::new)
              .orElseGet(() -> new JsonLinesSink(directory.resolve("notifications.jsonl"), clock)),
          NotificationSink::close);
      Worker worker = started.add(
          NotificationWorker.start(
              queue,
              sink,
              outbox,
              settings.workerConcurrency(),
              QueueMetrics.of(meters, Notifications.QUEUE)),
          begun -> begun.close(Duration.ZERO));
      return new Work(worker, sink);
    });
  }

  /** Takes no further job, and returns those that have not ended within {@code longest} to the queue. */
  void stop(Duration longest) {
    worker.close(longest);
    sink.close();
  }
}
