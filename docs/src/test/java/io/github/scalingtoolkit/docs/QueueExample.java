package io.github.scalingtoolkit.docs;

// tag::queue[]
import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.queue.JobOutcome;
import io.github.scalingtoolkit.queue.JobQueue;
import io.github.scalingtoolkit.queue.JobType;
import io.github.scalingtoolkit.queue.Worker;
import java.util.concurrent.CountDownLatch;

class QueueExample {
  record Email(String to) {}

  public static void main(String[] arguments) throws InterruptedException {
    String url = arguments.length > 0 ? arguments[0] : "redis://localhost:6379";
    JobType<Email> sendEmail = JobType.of("sendEmail", Email.class);
    CountDownLatch sent = new CountDownLatch(1);

    try (RedisAccess redis = RedisAccess.open(url)) {
      JobQueue mail = JobQueue.builder(redis, "mail").build();
      try (Worker worker = Worker.builder(mail)
          .handle(sendEmail, job -> {
            System.out.println("mail to " + job.payload().to());
            sent.countDown();
            return JobOutcome.done();
          })
          .concurrency(16)
          .start()) {
        mail.enqueue(sendEmail, new Email("ada@example.org"));
        sent.await();
      }
    }
  }
}
// end::queue[]
