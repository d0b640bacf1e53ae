package io.github.scalingtoolkit.benchmarks.scale;

import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisException;

/**
 * The jobs that creates have brought, of both sides, by the keys of their queues in Redis: what a create costs is known
 * once they are done.
 */
final class Jobs {
  private static final String OURS = "q:{notifications}:";
  private static final String BULL = "bull:notifications:";
  private static final int PRIORITIES = 10;
  private static final Duration STEP = Duration.ofMillis(20);

  private final URI redis;
  private final Duration longest;

  /** Through which queue a service's jobs go. */
  enum Queue {
    OURS(Jobs.OURS + "ec"),
    BULL(Jobs.BULL + "id"),
    /** For a peer that answers creates without jobs: waiting for its jobs ends at once. */
    NONE("");

    /** Exists once a job was done (ours) or added (the peer's). Without it, keys without open jobs are not a queue. */
    private final String mark;

    Queue(String mark) {
      this.mark = mark;
    }
  }

  Jobs(URI redis, Duration longest) {
    this.redis = redis;
    this.longest = longest;
  }

  /**
   * Returns once no job waits or runs, of either side.
   *
   * @param queue the queue of the side that answered the creates
   * @throws IOException if some still do after the longest time, if there is no such queue, or Redis does not answer
   */
  void awaitNone(Queue queue) throws IOException, InterruptedException {
    long began = System.nanoTime();
    try (Jedis jedis = new Jedis(redis)) {
      // Twice, because a job may be added just after its create was answered.
      for (int none = 0; none < 2; ) {
        long open = open(jedis);
        none = open == 0 ? none + 1 : 0;
        if (open > 0 && System.nanoTime() - began > longest.toNanos()) {
          throw new IOException(open + " jobs were not done " + longest.toSeconds()
              + " s after their creates: what those cost is not known");
        }
        Thread.sleep(STEP.toMillis());
      }
      if (!jedis.exists(queue.mark)) {
        throw new IOException("creates left no queue in Redis, as there is no key '" + queue.mark
            + "': what their jobs cost is not known");
      }
    } catch (JedisException unread) {
      throw new IOException("the queues' depth cannot be read: " + unread.getMessage(), unread);
    }
  }

  private static long open(Jedis jedis) {
    long open = jedis.zcard(OURS + "d");
    for (int priority = 0; priority < PRIORITIES; priority++) {
      open += jedis.llen(OURS + "w:" + priority + ":sendEmail");
    }
    for (String worker : jedis.zrange(OURS + "l", 0, -1)) {
      String claims = OURS + "o:" + worker;
      // Two fields are the worker's own.
      open += jedis.hkeys(claims).stream()
          .filter(id -> !id.isEmpty() && !id.equals("@"))
          .count();
    }
    return open
        + jedis.llen(BULL + "wait")
        + jedis.llen(BULL + "active")
        + jedis.zcard(BULL + "delayed");
  }
}
