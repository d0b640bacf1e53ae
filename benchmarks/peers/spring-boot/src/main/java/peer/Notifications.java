package peer;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.context.SmartLifecycle;
import org.springframework.core.task.AsyncTaskExecutor;
import org.springframework.dao.DataAccessException;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.core.RedisCallback;
import org.springframework.data.redis.core.StringRedisTemplate;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/** Jobs in a list of Redis, with one consumer. A job that was taken and not done when the process ends is lost. */
@Component
class Notifications implements SmartLifecycle {
  private static final String WAITING = "notifications:waiting";
  private static final byte[] WAITING_KEY = WAITING.getBytes(StandardCharsets.UTF_8);
  private static final byte[] DONE_KEY = "notifications:done".getBytes(StandardCharsets.UTF_8);
  private static final int POLL_SECONDS = 1;
  private static final long PAUSE_MILLIS = 500;

  private final StringRedisTemplate redis;
  private final JsonMapper json;
  private final AsyncTaskExecutor executor;
  private volatile boolean running;

  Notifications(
      StringRedisTemplate redis,
      JsonMapper json,
      @Qualifier("applicationTaskExecutor") AsyncTaskExecutor executor) {
    this.redis = redis;
    this.json = json;
    this.executor = executor;
  }

  record Notification(String userId, String todoId) {}

  void add(String userId, String todoId) {
    redis.opsForList()
        .rightPush(WAITING, json.writeValueAsString(new Notification(userId, todoId)));
  }

  @Override
  public void start() {
    running = true;
    executor.execute(this::consume);
  }

  @Override
  public void stop() {
    running = false;
  }

  @Override
  public boolean isRunning() {
    return running;
  }

  private void consume() {
    while (running) {
      try {
        // One connection for the whole loop: a blocking pop of its own would open one each time.
        redis.execute((RedisCallback<Void>) this::consume);
      } catch (DataAccessException unreachable) {
        System.err.println("no jobs are taken: " + unreachable.getMessage());
        pause();
      }
    }
  }

  private Void consume(RedisConnection connection) {
    while (running) {
      List<byte[]> taken = connection.listCommands().bLPop(POLL_SECONDS, WAITING_KEY);
      if (taken != null && taken.size() == 2) {
        json.readValue(taken.get(1), Notification.class);
        connection.stringCommands().incr(DONE_KEY);
      }
    }
    return null;
  }

  private static void pause() {
    try {
      Thread.sleep(PAUSE_MILLIS);
    } catch (InterruptedException ending) {
      Thread.currentThread().interrupt();
    }
  }
}
