package io.github.scalingtoolkit.todo.run;

import io.github.scalingtoolkit.core.lifecycle.Lifecycle;
import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.queue.Outbox;
import io.github.scalingtoolkit.queue.OutboxMetrics;
import io.github.scalingtoolkit.todo.admin.AdminRoutes;
import io.github.scalingtoolkit.todo.config.TodoSettings;
import io.github.scalingtoolkit.todo.http.HttpConfig;
import io.github.scalingtoolkit.todo.http.HttpServer;
import io.github.scalingtoolkit.todo.http.Route;
import io.github.scalingtoolkit.todo.http.Router;
import io.github.scalingtoolkit.todo.jobs.TodoOutbox;
import io.github.scalingtoolkit.todo.stores.EmbeddedStores;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.jvm.ClassLoaderMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The whole service in one process: starts its parts in order, each made from those before, and stops them so that no
 * request fails and no job is lost.
 *
 * <p>Order of the start, and of the stop read backwards: data directory and embedded stores; MongoDB; Redis, cache and
 * queue; health and the admin port; sweeper and worker; the public port; and last "ready". So a stop first reports "not
 * ready", then finishes the requests in progress, then returns jobs to the queue, and closes the stores last.
 */
final class TodoApp {
  private static final Duration QUICK = Duration.ofSeconds(3);

  private final TodoSettings settings;
  private final Role role;
  private final Clock clock = Clock.system();
  private final PrometheusMeterRegistry meters =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final Lifecycle lifecycle;
  private final Part<HttpServer> admin;
  /** Empty in a process that serves nothing. */
  private final Optional<Part<Web>> web;

  /**
   * How notifications that Redis lost are enqueued again.
   *
   * @param owedFor how old an outbox entry is before it is swept
   * @param interval from the end of a sweep to the next
   */
  record Sweeping(Duration owedFor, Duration interval) {
    static final Sweeping USUAL = new Sweeping(TodoOutbox.OWED_TOO_LONG, Duration.ofSeconds(10));
  }

  TodoApp(TodoSettings settings, Role role) {
    this(settings, role, Sweeping.USUAL);
  }

  TodoApp(TodoSettings settings, Role role, Sweeping sweeping) {
    this(settings, role, sweeping, false);
  }

  /** {@code supervised}: a supervisor owns the data directory, and every peer is its balancer. */
  TodoApp(TodoSettings settings, Role role, Sweeping sweeping, boolean supervised) {
    this.settings = settings;
    this.role = role;
    Duration drain = settings.drainTimeout();
    Phases phases = new Phases();
    Stores stores = Stores.add(
        phases,
        settings,
        () -> supervised ? Data.ofOthers(settings) : openData(settings, role),
        clock,
        meters);
    Part<OnRedis> redis = stores.addRedis(phases, settings, meters);
    Part<Checks> checks = phases.add(
        "health",
        () -> Checks.start(stores.mongo().get(), redis.get(), meters),
        QUICK,
        Checks::close);
    admin = phases.add(
        "admin",
        () -> startAdmin(checks.get()),
        QUICK,
        server -> server.stop(Duration.ofSeconds(1)));
    Part<Outbox> sweeper = phases.add(
        "sweeper",
        () -> startSweeper(stores, redis.get(), sweeping),
        Duration.ofSeconds(5),
        Outbox::close);
    if (role.works()) {
      phases.add(
          "worker",
          () -> Work.start(
              settings,
              stores.data().get().path(),
              sweeper.get(),
              redis.get().queue(),
              clock,
              meters),
          drain.plusSeconds(5),
          work -> work.stop(drain));
    }
    web = role.serves()
        ? Optional.of(phases.add(
            "web",
            () -> new Web.Maker(
                    settings,
                    supervised,
                    stores.mongo().get(),
                    redis.get(),
                    sweeper.get(),
                    clock,
                    meters)
                .start(stores.data().get().tokenSecret()),
            drain.plusSeconds(2),
            served -> served.stop(drain)))
        : Optional.empty();
    phases.add("ready", () -> checks.get().readiness().started(), QUICK, () -> {
      checks.get().readiness().drain();
      web.ifPresent(served -> served.get().drain());
    });
    lifecycle = phases.build();
  }

  /**
   * Starts everything.
   *
   * @throws RuntimeException if a part cannot start; parts already started are stopped
   */
  void start() {
    lifecycle.start();
  }

  /** Stops everything, each part within its time. */
  void stop() {
    lifecycle.stop();
  }

  /** Returns the public port; call it after the start of a serving process. */
  int port() {
    return web.orElseThrow().get().server().port();
  }

  /** Returns the admin port; call it after the start. */
  int adminPort() {
    return admin.get().port();
  }

  /** Returns the routes of the public port; call it after the start of a serving process. */
  List<Route> routes() {
    return web.orElseThrow().get().router().routes();
  }

  /** Everything that is measured. */
  MeterRegistry meters() {
    return meters;
  }

  private static Data openData(TodoSettings settings, Role role) {
    Set<EmbeddedStores.Kind> kinds = settings.embedded();
    boolean writesFile = role.works() && settings.smtpUrl().isEmpty();
    boolean makesSecret = role.serves() && settings.tokens().secret().isEmpty();
    return kinds.isEmpty() && !writesFile && !makesSecret
        ? Data.ofOthers(settings)
        : Data.open(settings, kinds);
  }

  private HttpServer startAdmin(Checks checks) {
    bindJvm(meters);
    TodoSettings.Web listen = settings.web();
    AdminRoutes routes = new AdminRoutes(checks.readiness(), meters::scrape, this::info);
    return HttpServer.start(
        HttpConfig.at("admin", listen.adminHost(), listen.adminPort()),
        new Router(routes.routes()),
        meters);
  }

  private Map<String, Object> info() {
    Map<String, Object> info = new HashMap<>(Map.of(
        "name", "todo-api",
        "version",
            Optional.ofNullable(TodoApp.class.getPackage().getImplementationVersion())
                .orElse("development"),
        "java", Runtime.version().toString(),
        "mode", settings.mode().name().toLowerCase(Locale.ROOT),
        "role", role.word()));
    web.flatMap(Part::peek).ifPresent(served -> info.put("keys", served.keys().ids()));
    return info;
  }

  private Outbox startSweeper(Stores stores, OnRedis redis, Sweeping sweeping) {
    Outbox outbox = Outbox.builder(redis.queue(), new TodoOutbox(stores.mongo().get(), clock))
        .sweepAfter(sweeping.owedFor())
        .interval(sweeping.interval())
        .start();
    OutboxMetrics.bind(meters, outbox);
    return outbox;
  }

  private static void bindJvm(MeterRegistry meters) {
    new ClassLoaderMetrics().bindTo(meters);
    new JvmMemoryMetrics().bindTo(meters);
    new JvmThreadMetrics().bindTo(meters);
    new ProcessorMetrics().bindTo(meters);
    new UptimeMetrics().bindTo(meters);
  }
}
