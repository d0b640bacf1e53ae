package io.github.scalingtoolkit.cache;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.github.scalingtoolkit.core.redis.ChannelListener;
import io.github.scalingtoolkit.core.time.Clock;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import org.jspecify.annotations.Nullable;

/**
 * The entries in this process' memory (L1), which never outlive an invalidation that has arrived here.
 *
 * <p><b>Epochs.</b> The danger is a reader that took a value from Redis before an invalidation and puts it here afterwards.
 * So each id falls into one of 1,024 stripes with a counter. A reader takes the {@linkplain #stamp stamp} before it asks
 * Redis; every invalidation raises the counter and then removes; {@link #install} puts the value only if the stamp is
 * still the same, and looks at it inside the map's own per-key lock. If it looked before the counter was raised, the
 * remove that follows waits for that lock and takes the value out.
 *
 * <p><b>Generations.</b> A flush cannot rely on removing everything: it may miss an install in progress. So it starts a
 * new generation first; entries of earlier ones count as absent. The stamp is epoch + generation: both only grow, so the
 * sum is the same only if both are.
 *
 * <p><b>Coherence.</b> While the subscription may be missing messages, nothing is read or put here. It is flushed when
 * the gap begins, and again before it counts as over, since messages published in between were lost. After a pause of the
 * process no thread may yet have noticed a gap; so each read asks as well when the nodes were last {@linkplain Hearing heard}.
 */
final class LocalEntries<V> implements ChannelListener {
  static final int SENDER_LENGTH = 12;
  private static final int STRIPES = 1024;

  private final Cache<String, Entry<V>> entries;
  private final AtomicLongArray epochs = new AtomicLongArray(STRIPES);
  private final AtomicLong generation = new AtomicLong();
  private final long capNanos;
  private final Clock clock;

  private volatile Hearing hearing = nanoTime -> true;
  private volatile boolean live;

  LocalEntries(int maxEntries, Duration cap, Clock clock) {
    this.clock = clock;
    capNanos = cap.toNanos();
    entries = Caffeine.newBuilder()
        .maximumSize(maxEntries)
        .expireAfterWrite(cap)
        .ticker(clock::nanoTime)
        .executor(Runnable::run)
        .build();
  }

  /** Tells whether every message published long enough before a time has arrived. */
  @FunctionalInterface
  interface Hearing {
    boolean liveAt(long nanoTime);
  }

  /** Asks {@code hearing} at each read from now on. */
  void trust(Hearing hearing) {
    this.hearing = hearing;
  }

  private record Entry<V>(Cached<V> cached, long generation, long deadlineNanos) {}

  /** Returns the value, if there is one and it may be served. Allocates nothing. */
  @Nullable
  Cached<V> peek(String id) {
    if (!live) {
      return null;
    }
    Entry<V> entry = entries.getIfPresent(id);
    if (entry == null || entry.generation() != generation.get()) {
      return null;
    }
    long now = clock.nanoTime();
    return now - entry.deadlineNanos() >= 0 || !hearing.liveAt(now) ? null : entry.cached();
  }

  /** Returns what {@link #install} compares: take it before asking Redis. */
  long stamp(String id) {
    return epochs.get(stripe(id)) + generation.get();
  }

  /** Puts a value, unless anything was invalidated or flushed since the stamp. */
  void install(String id, long stamp, @Nullable V value, long deadlineNanos) {
    long bound = clock.nanoTime() + capNanos;
    long deadline = deadlineNanos - bound < 0 ? deadlineNanos : bound;
    entries.asMap().compute(id, (key, old) -> {
      long now = generation.get();
      return live && epochs.get(stripe(id)) + now == stamp
          ? new Entry<>(new Cached<>(value, Outcome.L1_HIT), now, deadline)
          : old;
    });
  }

  void invalidate(String id) {
    epochs.incrementAndGet(stripe(id));
    entries.asMap().remove(id);
  }

  void flush() {
    generation.incrementAndGet();
    entries.invalidateAll();
  }

  boolean live() {
    return live && hearing.liveAt(clock.nanoTime());
  }

  long size() {
    return entries.estimatedSize();
  }

  @Override
  public void onMessage(byte[] message) {
    if (message.length >= SENDER_LENGTH) {
      // Our own messages count as well: they may be from a script that was thought lost.
      invalidate(new String(
          message, SENDER_LENGTH, message.length - SENDER_LENGTH, StandardCharsets.UTF_8));
    }
  }

  @Override
  public void onLive() {
    flush();
    live = true;
  }

  @Override
  public void onGap() {
    live = false;
    flush();
  }

  private static int stripe(String id) {
    int hash = id.hashCode();
    return (hash ^ (hash >>> 16)) & (STRIPES - 1);
  }
}
