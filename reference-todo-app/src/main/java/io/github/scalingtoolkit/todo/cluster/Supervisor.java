package io.github.scalingtoolkit.todo.cluster;

import io.github.scalingtoolkit.core.health.HealthMetrics;
import io.github.scalingtoolkit.core.health.HealthRegistry;
import io.github.scalingtoolkit.core.health.UnhealthyException;
import io.github.scalingtoolkit.core.lifecycle.Lifecycle;
import io.github.scalingtoolkit.core.settings.Secret;
import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.todo.admin.AdminRoutes;
import io.github.scalingtoolkit.todo.admin.Readiness;
import io.github.scalingtoolkit.todo.config.TodoSettings;
import io.github.scalingtoolkit.todo.http.HttpConfig;
import io.github.scalingtoolkit.todo.http.HttpServer;
import io.github.scalingtoolkit.todo.http.Router;
import io.github.scalingtoolkit.todo.stores.EmbeddedStores;
import io.github.scalingtoolkit.todo.stores.OwnedData;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * A cluster on one machine: owns the public and the admin port, the data directory and the embedded stores, and runs N
 * workers behind a {@link Balancer}.
 *
 * <p>Order of the start: both ports, so that a taken port is reported before anything else is touched; data; workers;
 * "ready". The stop: "not ready", the public port once all requests are answered, workers, data, the admin port.
 *
 * <p>Failure windows: a worker that is killed loses its requests in progress that change something (503), and its
 * jobs run elsewhere after their lease. When a supervisor is killed its ports close; the workers see the end of
 * their input and follow, as does the embedded Redis, which has a watch of its own, workers or not; the next start finds
 * the same state as after any other kill.
 */
public final class Supervisor {
  private static final Duration QUICK = Duration.ofSeconds(3);
  /** Ten times as long as a worker waits for its first probe. */
  private static final Duration FIRST_ANSWERS = Duration.ofSeconds(2);

  private final TodoSettings settings;
  private final int size;
  private final Class<?> main;
  private final Clock clock = Clock.system();
  private final PrometheusMeterRegistry meters =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final Balancer balancer;
  private final HealthRegistry health;
  private final Readiness readiness;
  private final Lifecycle lifecycle;
  private volatile @Nullable Fleet fleet;
  private volatile boolean started;
  private volatile boolean stopAsked;
  private @Nullable OwnedData owned;
  private @Nullable HttpServer admin;

  /**
   * Will run {@code size} workers.
   *
   * @param main the class that a worker starts with
   */
  public Supervisor(TodoSettings settings, int size, Class<?> main) {
    this.settings = settings;
    this.size = size;
    this.main = main;
    TodoSettings.Web web = settings.web();
    balancer = new Balancer(
        new HttpConfig(
            "public",
            web.host(),
            web.port(),
            web.maxBody(),
            web.maxInFlight(),
            Duration.ofSeconds(10),
            Duration.ofSeconds(75),
            web.corsOrigins(),
            false),
        size,
        web.clients());
    health = HealthRegistry.builder()
        .required("workers", this::demandAWorker)
        .optional("every worker", this::demandEveryWorker)
        .interval(Duration.ofMillis(250))
        .build();
    HealthMetrics.bind(meters, health);
    readiness =
        new Readiness(health, () -> Map.of("workers", (long) size, "workersReady", workersReady()));
    Duration drain = settings.drainTimeout();
    lifecycle = Lifecycle.builder()
        .phase("admin", this::startAdmin, QUICK, () -> made(admin).stop(Duration.ofSeconds(1)))
        .phase("listen", balancer::start, QUICK, balancer::stop)
        .phase("data", this::openData, Duration.ofSeconds(15), this::closeData)
        .phase("workers", this::startFleet, drain.plusSeconds(15), this::stopFleet)
        .phase("traffic", () -> {}, drain.plusSeconds(4), this::endTraffic)
        .phase("ready", this::ready, QUICK, this::drain)
        .build();
  }

  /**
   * Starts everything, and returns once each worker serves.
   *
   * @throws RuntimeException if a part cannot start; parts already started are stopped
   */
  public void start() {
    lifecycle.start();
  }

  /** Stops everything, each part within its time. */
  public void stop() {
    stopAsked = true;
    giveUpStarting();
    lifecycle.stop();
  }

  /** Replaces the workers one by one, failing no request. Blocks until done. */
  public void replaceWorkers() {
    Fleet running = fleet;
    if (running != null) {
      running.replaceAll();
    }
  }

  /** Returns the public port. */
  public int port() {
    return balancer.port();
  }

  /** Returns the admin port. */
  public int adminPort() {
    return made(admin).port();
  }

  private void startAdmin() {
    TodoSettings.Web web = settings.web();
    admin = HttpServer.start(
        HttpConfig.at("admin", web.adminHost(), web.adminPort()),
        new Router(new AdminRoutes(readiness, this::metrics, this::info).routes()),
        meters);
  }

  private String metrics() {
    Fleet running = fleet;
    return running == null ? meters.scrape() : running.metrics(meters.scrape());
  }

  private Map<String, Object> info() {
    Fleet running = fleet;
    return Map.of(
        "name",
        "todo-api",
        "role",
        "cluster",
        "java",
        Runtime.version().toString(),
        "workers",
        running == null ? List.of() : running.describe());
  }

  private void openData() {
    Set<EmbeddedStores.Kind> kinds = settings.embedded();
    if (!kinds.isEmpty()
        || settings.smtpUrl().isEmpty()
        || settings.tokens().secret().isEmpty()) {
      owned = OwnedData.open(settings.dataDirectory(), kinds, EmbeddedStores.AfterKill.ENDS);
    }
  }

  private void closeData() {
    health.close();
    if (owned != null) {
      owned.close();
    }
  }

  private void startFleet() {
    Fleet made = new Fleet(
        size,
        WorkerLauncher.of(main, workerEnvironment()),
        balancer,
        new RestartPolicy(() -> ThreadLocalRandom.current().nextDouble()),
        settings.drainTimeout(),
        clock);
    fleet = made;
    giveUpStarting();
    try {
      made.start();
    } catch (RuntimeException failure) {
      made.stop();
      throw failure;
    }
  }

  /** A stop does not wait until every worker has started. */
  private void giveUpStarting() {
    Fleet starting = fleet;
    if (stopAsked && !started && starting != null) {
      starting.giveUpStarting();
    }
  }

  private void stopFleet() {
    made(fleet).stop();
  }

  /** The settings of a worker: its own ports, and values that each process would otherwise make for itself. */
  private Map<String, String> workerEnvironment() {
    Map<String, String> environment = new HashMap<>(
        Map.of("HOST", "127.0.0.1", "PORT", "0", "ADMIN_HOST", "127.0.0.1", "ADMIN_PORT", "0"));
    if (owned != null) {
      OwnedData data = owned;
      environment.put("DATA_DIR", data.path().toString());
      data.mongoUri().ifPresent(uri -> environment.put("MONGO_URI", uri));
      data.redisUrl().ifPresent(url -> environment.put("REDIS_URL", url));
      if (settings.tokens().secret().isEmpty()) {
        Secret secret = data.secretFile("jwt.key", 48);
        environment.put("JWT_SECRET", secret.reveal());
      }
    }
    return environment;
  }

  private void ready() {
    // Not before: while they start, it is normal that none is ready or has been probed.
    made(fleet).awaitFirstAnswers(FIRST_ANSWERS);
    started = true;
    health.start();
    readiness.started();
  }

  /** Waits first: once the port is closed, balancers in front go elsewhere, but an error answer would be final. */
  private void endTraffic() {
    balancer.awaitQuiet(settings.drainTimeout());
    balancer.stop();
  }

  private void drain() {
    readiness.drain();
    balancer.drain();
  }

  private long workersReady() {
    Fleet running = fleet;
    return running == null ? 0 : running.ready();
  }

  private boolean anyDegraded() {
    Fleet running = fleet;
    return running != null && running.workers().stream().anyMatch(WorkerProcess::isDegraded);
  }

  private void demandAWorker() {
    if (workersReady() == 0) {
      throw new UnhealthyException("none of the " + size
          + " workers is ready; the log lines of each worker, by its number, say why");
    }
  }

  private void demandEveryWorker() {
    long ready = workersReady();
    if (ready < size) {
      throw new UnhealthyException(ready + " of " + size + " workers are ready");
    }
    if (anyDegraded()) {
      throw new UnhealthyException("a worker is degraded; its log lines, by its number, say why");
    }
  }

  private static <T> T made(@Nullable T part) {
    if (part == null) {
      throw new IllegalStateException("used before its phase has started");
    }
    return part;
  }
}
