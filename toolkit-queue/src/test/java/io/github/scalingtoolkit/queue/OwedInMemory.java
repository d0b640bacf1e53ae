package io.github.scalingtoolkit.queue;

import io.github.scalingtoolkit.core.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Keeps what is owed in this process, by the clock of a test. */
final class OwedInMemory implements OutboxStore {
  private final Clock clock;
  private final TreeMap<String, NewJob<?>> owed = new TreeMap<>();
  private final TreeMap<String, Instant> since = new TreeMap<>();

  /** Whether it removes nothing. */
  volatile boolean refuses;

  /** Whether it finds nothing. */
  volatile boolean broken;

  OwedInMemory(Clock clock) {
    this.clock = clock;
  }

  void owe(NewJob<?> job) {
    owe(job, clock.now());
  }

  synchronized void owe(NewJob<?> job, Instant at) {
    String id = job.options().id().orElseThrow().value();
    owed.put(id, job);
    since.put(id, at);
  }

  synchronized List<String> ids() {
    return List.copyOf(owed.keySet());
  }

  @Override
  public synchronized OutboxPage owed(Duration age, int most, @Nullable String after) {
    if (broken) {
      throw new IllegalStateException("no such page");
    }
    List<NewJob<?>> page = new ArrayList<>();
    String last = null;
    Duration oldest = Duration.ZERO;
    Instant before = clock.now().minus(age);
    for (Map.Entry<String, NewJob<?>> entry :
        (after == null ? owed : owed.tailMap(after, false)).entrySet()) {
      if (since.get(entry.getKey()).isBefore(before)) {
        page.add(entry.getValue());
        last = entry.getKey();
        Duration owedFor = Duration.between(since.get(last), clock.now());
        oldest = owedFor.compareTo(oldest) > 0 ? owedFor : oldest;
        if (page.size() == most) {
          return new OutboxPage(page, 0, oldest, last);
        }
      }
    }
    return new OutboxPage(page, 0, oldest, null);
  }

  @Override
  public synchronized void remove(Collection<JobId> jobs) {
    if (refuses) {
      throw new IllegalStateException("a document that does not fit");
    }
    jobs.forEach(job -> owed.remove(job.value()));
  }
}
