package io.github.scalingtoolkit.todo.mongo;

import com.mongodb.event.ConnectionCheckedInEvent;
import com.mongodb.event.ConnectionCheckedOutEvent;
import com.mongodb.event.ConnectionClosedEvent;
import com.mongodb.event.ConnectionCreatedEvent;
import com.mongodb.event.ConnectionPoolListener;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.concurrent.atomic.AtomicInteger;

/** Counts the driver's connections, for metrics and messages. */
final class PoolGauges implements ConnectionPoolListener {
  private final AtomicInteger open = new AtomicInteger();
  private final AtomicInteger busy = new AtomicInteger();

  @Override
  public void connectionCreated(ConnectionCreatedEvent event) {
    open.incrementAndGet();
  }

  @Override
  public void connectionClosed(ConnectionClosedEvent event) {
    open.decrementAndGet();
  }

  @Override
  public void connectionCheckedOut(ConnectionCheckedOutEvent event) {
    busy.incrementAndGet();
  }

  @Override
  public void connectionCheckedIn(ConnectionCheckedInEvent event) {
    busy.decrementAndGet();
  }

  int open() {
    return open.get();
  }

  int busy() {
    return busy.get();
  }

  void bindTo(MeterRegistry registry) {
    Gauge.builder("toolkit.todo.store.connections", open, AtomicInteger::get)
        .tag("state", "open")
        .description("Connections to MongoDB")
        .register(registry);
    Gauge.builder("toolkit.todo.store.connections", busy, AtomicInteger::get)
        .tag("state", "busy")
        .description("Connections to MongoDB")
        .register(registry);
  }
}
