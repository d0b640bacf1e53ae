package io.github.scalingtoolkit.queue;

import io.github.scalingtoolkit.core.lifecycle.Loop;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import redis.clients.jedis.util.KeyValue;

/**
 * Waits in Redis, by one blocking command for all queues, until there is work of a type that has a free slot, but only
 * while the steppers have nothing to do, so that it never takes a wake-up call that another process could use.
 */
final class Waiter {
  /** The beats look for work as well, so this may be long. */
  static final Duration LONGEST_WAIT = Duration.ofSeconds(10);

  /** While it waits for some types only: a slot of another one may become free, and a job of that come. */
  private static final Duration WAIT_FOR_SOME = Duration.ofMillis(250);

  private final List<Post> posts;

  /** It has let the steppers that were busy come to rest, as far as they do. */
  private boolean patient;

  /** A queue that it waits for. */
  interface Post {
    JobQueue queue();

    Stepper stepper();

    Slots slots();

    /** There may be work. */
    void called();

    /** There is work of {@code type}, of which no other worker hears. */
    void called(String type);
  }

  /** A call that it can get. */
  private record Call(Post post, String type) {}

  Waiter(List<? extends Post> posts) {
    this.posts = List.copyOf(posts);
  }

  /** A {@link Loop.Step}. */
  Duration turn() {
    Map<String, Call> calls = new HashMap<>();
    int possible = 0;
    boolean busy = false;
    for (Post post : posts) {
      possible += post.slots().types().size();
      if (post.stepper().isIdle()) {
        for (String type : post.slots().types()) {
          if (post.slots().free(type) > 0) {
            calls.put(marker(post, type), new Call(post, type));
          }
        }
      } else {
        busy = true;
      }
    }
    if (calls.isEmpty()) {
      return LONGEST_WAIT;
    }
    if (busy && !patient) {
      patient = true;
      return WAIT_FOR_SOME;
    }
    patient = false;
    Duration wait = calls.size() < possible ? WAIT_FOR_SOME : LONGEST_WAIT;
    KeyValue<byte[], ?> call = posts
        .get(0)
        .queue()
        .redis()
        .blocking()
        .bzpopmin(
            wait.toMillis() / 1000.0,
            calls.keySet().stream().map(Scripts::bytes).toArray(byte[][]::new));
    if (call != null) {
      got(Objects.requireNonNull(calls.get(Scripts.text(call.getKey()))));
    }
    return Duration.ZERO;
  }

  private void got(Call call) {
    Slots slots = call.post.slots();
    if (call.post.stepper().isStopping() || slots.free() == 0 || slots.free(call.type) == 0) {
      // It closes, or its slots became busy in the meantime: the call is for another worker.
      call(call.post, call.type);
      call.post.called();
    } else {
      call.post.called(call.type);
    }
  }

  /** Wakes one waiter for each type: a superfluous call costs one empty step. */
  void call() {
    for (Post post : posts) {
      for (String type : post.slots().types()) {
        call(post, type);
      }
    }
  }

  private static void call(Post post, String type) {
    byte[] marker = Scripts.bytes(marker(post, type));
    post.queue().redis().callIdempotent(client -> client.zadd(marker, 0, Scripts.bytes("0")));
  }

  private static String marker(Post post, String type) {
    return post.queue().key("k:" + type);
  }
}
