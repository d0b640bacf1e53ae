package io.github.scalingtoolkit.todo.jobs;

import io.github.scalingtoolkit.core.guard.RejectedException;
import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.core.redis.ScriptCall;
import io.github.scalingtoolkit.core.redis.ScriptReply;
import io.github.scalingtoolkit.queue.EnqueueOptions;
import io.github.scalingtoolkit.queue.JobQueue;
import io.github.scalingtoolkit.queue.JobSnapshot;
import io.github.scalingtoolkit.queue.JobState;
import io.github.scalingtoolkit.queue.JobType;
import io.github.scalingtoolkit.queue.NewJob;
import io.github.scalingtoolkit.queue.QueueException;
import io.github.scalingtoolkit.queue.RetryPolicy;
import io.github.scalingtoolkit.todo.domain.JobId;
import io.github.scalingtoolkit.todo.domain.OutboxEntry;
import io.github.scalingtoolkit.todo.domain.TodoId;
import io.github.scalingtoolkit.todo.domain.UserId;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisException;

/** The queue {@code notifications}: enqueues {@code sendEmail} jobs by the id of their outbox entry. */
public final class Notifications {
  /** The queue's name. */
  public static final String QUEUE = "notifications";

  /** The job, exactly as in the contract. */
  static final JobType<Notification> SEND_EMAIL = JobType.of("sendEmail", Notification.class);

  static final RetryPolicy RETRIES =
      RetryPolicy.exponential(Duration.ofSeconds(1), Duration.ofMinutes(5));

  private static final Logger log = LoggerFactory.getLogger(Notifications.class);
  private static final EnqueueOptions FIVE_ATTEMPTS = EnqueueOptions.defaults().maxAttempts(5);

  private final RedisAccess redis;
  private final JobQueue queue;
  private final Runnable onLost;

  /** Enqueues to {@code queue}, which is on {@code redis}. */
  public Notifications(RedisAccess redis, JobQueue queue) {
    this(redis, queue, () -> {});
  }

  /** As the other; {@code onLost} is called after each enqueue that failed, and must not block. */
  public Notifications(RedisAccess redis, JobQueue queue, Runnable onLost) {
    this.redis = redis;
    this.queue = queue;
    this.onLost = onLost;
  }

  /** The queue's answer about a job. */
  public sealed interface Status permits Known, Unknown, Unreachable {}

  /**
   * It knows the job.
   *
   * @param state waiting, active, retry, completed or dead
   * @param attempts runs so far
   */
  public record Known(String state, int attempts) implements Status {}

  /** It does not know the job. */
  public record Unknown() implements Status {}

  /** It is unreachable, or of another version than this process. */
  public record Unreachable() implements Status {}

  /** Runs a script on a Redis, alone or with others; fails in the reply alone. */
  @FunctionalInterface
  public interface Sending {
    /** Runs {@code call} on {@code redis}. */
    ScriptReply send(RedisAccess redis, ScriptCall call);
  }

  /**
   * Enqueues the notification of a todo that was made, by {@code sending}; what fails is made good by the sweeper.
   *
   * @param sending may send the end of a write as well, in the same round trip
   */
  public void enqueue(TodoId todo, UserId user, Sending sending) {
    JobId job = JobId.of(todo);
    ScriptReply reply =
        sending.send(redis, queue.enqueueCall(SEND_EMAIL, payload(job, user), options(job)));
    try {
      queue.outcome(reply);
    } catch (QueueException anotherVersion) {
      // The queue has warned of it, once.
      enqueueFailed(job, "another-version");
    } catch (RuntimeException failure) {
      boolean unreachable = failure instanceof RejectedException
          || (failure instanceof JedisException && !(failure instanceof JedisDataException));
      if (!unreachable) {
        log.warn(
            "job={} enqueue=refused action=sweeper cause={}",
            job,
            failure.getClass().getName());
      }
      enqueueFailed(job, unreachable ? "unreachable" : "refused");
    }
  }

  private void enqueueFailed(JobId job, String how) {
    log.debug("job={} enqueue={} action=sweeper", job, how);
    onLost.run();
  }

  /** Returns the job of an owed notification. */
  static NewJob<?> owed(OutboxEntry entry) {
    return new NewJob<>(SEND_EMAIL, payload(entry.jobId(), entry.userId()), options(entry.jobId()));
  }

  /** Returns the queue's answer about a job. */
  public Status find(JobId job) {
    try {
      return status(queue.find(queueId(job)));
    } catch (JedisException | RejectedException | QueueException unreachable) {
      return new Unreachable();
    }
  }

  private static Status status(Optional<JobSnapshot> found) {
    return found
        .<Status>map(job -> new Known(nameOf(job.state()), job.attempts()))
        .orElseGet(Unknown::new);
  }

  private static String nameOf(JobState state) {
    return switch (state) {
      // Only a retry delays a notification; the contract has no other word.
      case DELAYED -> "waiting";
      // Nor for one that an operator ended.
      case CANCELLED -> "dead";
      default -> state.name().toLowerCase(Locale.ROOT);
    };
  }

  private static Notification payload(JobId job, UserId user) {
    return new Notification(user.value(), job.todoId().hex());
  }

  private static EnqueueOptions options(JobId job) {
    return FIVE_ATTEMPTS.id(queueId(job));
  }

  private static io.github.scalingtoolkit.queue.JobId queueId(JobId job) {
    return new io.github.scalingtoolkit.queue.JobId(job.text());
  }
}
