/**
 * A job queue on Redis that loses nothing.
 *
 * <pre>{@code
 * JobType<Email> sendEmail = JobType.of("sendEmail", Email.class);
 * JobQueue mail = JobQueue.builder(redis, "mail").build();
 * Worker worker = Worker.builder(mail).handle(sendEmail, job -> {
 *   smtp.send(job.payload());
 *   return JobOutcome.done();
 * }).concurrency(16).start();
 *
 * mail.enqueue(sendEmail, new Email("ada@example.org"));
 * worker.close(Duration.ofSeconds(20));
 * }</pre>
 *
 * <p>A job runs at least once: again when its worker dies, hangs beyond its lease, or cannot report its end. Handlers
 * use the job's id to make a second run harmless.
 */
package io.github.scalingtoolkit.queue;
