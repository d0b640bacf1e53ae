package io.github.scalingtoolkit.benchmarks.scale;

import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisException;

/**
 * The jobs that creates have brought, by the keys of their queues in Redis: what a create costs is known
 * once they are done.
 */
final class Jobs {
  private static final String OURS = "q:{notifications}:";
  private static final String BULL = "bull:notifications:";
  private static final int PRIORITIES = 10;
  private static final Duration STEP = Duration.ofMillis(20);

  private final URI redis;
  private final Duration longest;

  /**
   * Through which queue a row's jobs go.
   *
   * @param mark a key that exists once a job was added or done: without it, keys without open jobs are not a queue; empty
   *     if there is none
   * @param keys those that hold open jobs: lists and sorted sets
   */
  record Queue(String mark, List<String> keys) {
    /** The service's own. */
    static final Queue OURS = new Queue(Jobs.OURS + "ec", ours());
    /** Bull's and BullMQ's. */
    static final Queue BULL = new Queue(
        Jobs.BULL + "id",
        List.of(
            Jobs.BULL + "wait",
            Jobs.BULL + "active",
            Jobs.BULL + "delayed",
            Jobs.BULL + "prioritized"));
    /** For a row whose creates leave no jobs: waiting for them ends at once. */
    static final Queue NONE = new Queue("", List.of());

    /** A list of Redis, from which a consumer in the same process takes jobs. */
    static final Queue LIST = new Queue("", List.of("notifications:waiting"));

    private static List<String> ours() {
      List<String> keys = new ArrayList<>(List.of(Jobs.OURS + "d"));
      for (int priority = 0; priority < PRIORITIES; priority++) {
        keys.add(Jobs.OURS + "w:" + priority + ":sendEmail");
      }
      return List.copyOf(keys);
    }
  }

  Jobs(URI redis, Duration longest) {
    this.redis = redis;
    this.longest = longest;
  }

  /**
   * Returns once no job of {@code queue} waits or runs.
   *
   * @throws IOException if some still do after the longest time, if there is no such queue, or Redis does not answer
   */
  void awaitNone(Queue queue) throws IOException, InterruptedException {
    long began = System.nanoTime();
    try (Jedis jedis = new Jedis(redis)) {
      // Twice, because a job may be added just after its create was answered.
      for (int none = 0; none < 2; ) {
        long open = open(jedis, queue);
        none = open == 0 ? none + 1 : 0;
        if (open > 0 && System.nanoTime() - began > longest.toNanos()) {
          throw new IOException(open + " jobs were not done " + longest.toSeconds()
              + " s after their creates: what those cost is not known");
        }
        Thread.sleep(STEP.toMillis());
      }
      if (!queue.mark().isEmpty() && !jedis.exists(queue.mark())) {
        throw new IOException("creates left no queue in Redis, as there is no key '" + queue.mark()
            + "': what their jobs cost is not known");
      }
    } catch (JedisException unread) {
      throw new IOException("the queues' depth cannot be read: " + unread.getMessage(), unread);
    }
  }

  private static long open(Jedis jedis, Queue queue) {
    long open = 0;
    for (String key : queue.keys()) {
      open += switch (jedis.type(key)) {
        case "list" -> jedis.llen(key);
        case "zset" -> jedis.zcard(key);
        default -> 0;
      };
    }
    return queue.equals(Queue.OURS) ? open + claimed(jedis) : open;
  }

  /** Returns how many jobs the workers of the service hold. */
  private static long claimed(Jedis jedis) {
    long claimed = 0;
    for (String worker : jedis.zrange(OURS + "l", 0, -1)) {
      // Two fields are the worker's own.
      claimed += jedis.hkeys(OURS + "o:" + worker).stream()
          .filter(id -> !id.isEmpty() && !id.equals("@"))
          .count();
    }
    return claimed;
  }
}
