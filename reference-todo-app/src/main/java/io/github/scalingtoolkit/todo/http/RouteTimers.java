package io.github.scalingtoolkit.todo.http;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/** Times requests by route, method and class of status: {@code toolkit.todo.http.requests}. Clients control no tag's value. */
final class RouteTimers {
  static final Route NONE = Route.get("NOT_FOUND", Admission.EVERYBODY, exchange -> {});

  private final MeterRegistry registry;
  private final Map<Route, Timer[]> timers = new ConcurrentHashMap<>();

  RouteTimers(MeterRegistry registry) {
    this.registry = registry;
  }

  void record(Route route, int status, long nanos) {
    Timer[] byClass = timers.computeIfAbsent(route, this::timersOf);
    byClass[Math.min(Math.max(status / 100, 1), 5) - 1].record(nanos, TimeUnit.NANOSECONDS);
  }

  private Timer[] timersOf(Route route) {
    Timer[] byClass = new Timer[5];
    for (int i = 0; i < byClass.length; i++) {
      byClass[i] = Timer.builder("toolkit.todo.http.requests")
          .description("Requests by route, method and class of status")
          .tag("route", route.template())
          .tag("method", route.method())
          .tag("status", (i + 1) + "xx")
          .register(registry);
    }
    return byClass;
  }
}
