package io.github.scalingtoolkit.core.redis;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.exceptions.JedisDataException;

/**
 * Logs nodes that serve reads and refuse writes, because they are full, cannot save, lack replicas or are replicas
 * themselves: one line when that begins, and one when a node has refused no write for a minute.
 *
 * <p>Shared by all connections of an access. Safe for use by several threads.
 */
final class RefusedWrites {
  private static final Logger log = LoggerFactory.getLogger(RefusedWrites.class);
  private static final Duration QUIET = Duration.ofMinutes(1);

  private static final String READ_ONLY = "READONLY";

  /** What is to be done, by the code of the error. */
  private static final Map<String, String> ACTIONS = Map.of(
      "OOM",
      "raise maxmemory, or delete what is not needed",
      "MISCONF",
      "see in its log why it cannot save, and to its disk",
      "NOREPLICAS",
      "see to its replicas, or lower min-replicas-to-write",
      READ_ONLY,
      "");

  private final LongSupplier nanos;

  /** When a node refused a write last. */
  private final Map<String, Long> refusedAt = new ConcurrentHashMap<>();

  private volatile Runnable onFirst = () -> {};

  RefusedWrites() {
    this(System::nanoTime);
  }

  /** Takes time from {@code nanos}. */
  RefusedWrites(LongSupplier nanos) {
    this.nanos = nanos;
  }

  /** Calls {@code listener} when there is something to {@linkplain #settle() settle}. */
  void onFirst(Runnable listener) {
    onFirst = listener;
  }

  /** Notes an error reply, if it says that the node refuses writes. */
  void answered(String node, JedisDataException reply) {
    String code = code(String.valueOf(reply.getMessage()));
    if (code == null || refusedAt.put(node, nanos.getAsLong()) != null) {
      return;
    }
    // Renewals log this one, with what they do about it.
    if (!code.equals(READ_ONLY)) {
      log.warn(
          "redis={} writes=refused cause=\"it answers {}\" action=\"{}; reads are served\"",
          node,
          code,
          ACTIONS.get(code));
    }
    onFirst.run();
  }

  /** Logs what is over. Returns whether all is: else call it again. */
  boolean settle() {
    long now = nanos.getAsLong();
    refusedAt.forEach((node, at) -> {
      if (isOver(now, at) && refusedAt.remove(node, at)) {
        log.info("redis={} writes=not-refused for={}ms", node, QUIET.toMillis());
      }
    });
    return refusedAt.isEmpty();
  }

  /** Returns how many nodes refused a write within the last minute. */
  int nodes() {
    long now = nanos.getAsLong();
    return (int) refusedAt.values().stream().filter(at -> !isOver(now, at)).count();
  }

  private static boolean isOver(long now, long at) {
    return now - at >= QUIET.toNanos();
  }

  /** Redis 6.2 puts what a script was told behind its own words. */
  private static @Nullable String code(String message) {
    for (String code : ACTIONS.keySet()) {
      if (message.startsWith(code + " ") || message.contains("-" + code + " ")) {
        return code;
      }
    }
    return null;
  }
}
