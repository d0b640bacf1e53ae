package io.github.scalingtoolkit.queue;

import io.github.scalingtoolkit.core.lifecycle.Loop;
import java.time.Duration;
import java.util.List;
import redis.clients.jedis.util.KeyValue;

/**
 * Waits in Redis until there is work of a type that has a free slot, but only while the stepper has nothing to do, so
 * that it never takes a wake-up call that another process could use.
 */
final class Waiter {
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(5);

  /** While it waits for some types only: a slot of another one may become free, and a job of that come. */
  private static final Duration WAIT_FOR_SOME = Duration.ofMillis(250);

  private final JobQueue queue;
  private final Stepper stepper;
  private final Slots slots;
  private final Runnable onCall;

  Waiter(JobQueue queue, Stepper stepper, Slots slots, Runnable onCall) {
    this.queue = queue;
    this.stepper = stepper;
    this.slots = slots;
    this.onCall = onCall;
  }

  /** A {@link Loop.Step}. */
  Duration turn() {
    List<String> types =
        slots.types().stream().filter(type -> slots.free(type) > 0).toList();
    if (!stepper.isIdle() || types.isEmpty()) {
      return LONGEST_WAIT;
    }
    Duration wait = types.size() < slots.types().size() ? WAIT_FOR_SOME : LONGEST_WAIT;
    KeyValue<byte[], ?> call = queue
        .redis()
        .blocking()
        .bzpopmin(
            wait.toMillis() / 1000.0, types.stream().map(this::marker).toArray(byte[][]::new));
    if (call == null) {
      return Duration.ZERO;
    }
    String key = Scripts.text(call.getKey());
    String type = key.substring(queue.key("k:").length());
    if (stepper.isStopping() || slots.free() == 0 || slots.free(type) == 0) {
      // It closes, or its slots became busy in the meantime: the call is for another worker.
      call(type);
    }
    stepper.signal();
    onCall.run();
    return Duration.ZERO;
  }

  /** Wakes one waiter for each type: a superfluous call costs one empty step. */
  void call() {
    slots.types().forEach(this::call);
  }

  private void call(String type) {
    queue.redis().callIdempotent(client -> client.zadd(marker(type), 0, Scripts.bytes("0")));
  }

  private byte[] marker(String type) {
    return Scripts.bytes(queue.key("k:" + type));
  }
}
