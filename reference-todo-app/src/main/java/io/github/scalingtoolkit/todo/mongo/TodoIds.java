package io.github.scalingtoolkit.todo.mongo;

import io.github.scalingtoolkit.todo.domain.TodoId;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicLong;
import org.bson.types.ObjectId;

/**
 * Generates ids in the order in which todos are created: to the millisecond between processes, and exactly within one.
 *
 * <p>An ObjectId as drivers make it orders by the second and then by process. Here the seconds are followed by the
 * millisecond (10 bits), a sequence within it (16) and a random number for the process (38): to any reader it is an ordinary ObjectId.
 *
 * <p>Safe for use by several threads.
 */
final class TodoIds {
  private static final int SEQUENCE_BITS = 16;
  private static final int PROCESS_BITS = 38;

  private final long process = new SecureRandom().nextLong() >>> (Long.SIZE - PROCESS_BITS);
  private final AtomicLong last = new AtomicLong();

  /** Returns an id of {@code now}, or just after the last one if the clock has not moved on since. */
  TodoId next(Instant now) {
    long earliest = now.toEpochMilli() << SEQUENCE_BITS;
    long drawn = last.updateAndGet(before -> Math.max(before + 1, earliest));
    long millis = drawn >>> SEQUENCE_BITS;
    long sequence = drawn & ((1L << SEQUENCE_BITS) - 1);
    byte[] id = ByteBuffer.allocate(12)
        .putInt((int) (millis / 1000))
        .putLong((((millis % 1000) << SEQUENCE_BITS) | sequence) << PROCESS_BITS | process)
        .array();
    return new TodoId(new ObjectId(id).toHexString());
  }
}
