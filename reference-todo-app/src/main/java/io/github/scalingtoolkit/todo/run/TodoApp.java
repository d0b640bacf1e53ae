package io.github.scalingtoolkit.todo.run;

import io.github.scalingtoolkit.auth.AuthMetrics;
import io.github.scalingtoolkit.auth.JwtVerifier;
import io.github.scalingtoolkit.auth.TokenIssuer;
import io.github.scalingtoolkit.cache.CacheAside;
import io.github.scalingtoolkit.cache.CacheAsideBuilder;
import io.github.scalingtoolkit.cache.CacheMetrics;
import io.github.scalingtoolkit.core.health.HealthMetrics;
import io.github.scalingtoolkit.core.health.HealthRegistry;
import io.github.scalingtoolkit.core.health.UnhealthyException;
import io.github.scalingtoolkit.core.lifecycle.Lifecycle;
import io.github.scalingtoolkit.core.limit.ClientAddress;
import io.github.scalingtoolkit.core.limit.LimiterMetrics;
import io.github.scalingtoolkit.core.limit.RateLimit;
import io.github.scalingtoolkit.core.limit.SettledRateLimiter;
import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.core.redis.RedisMetrics;
import io.github.scalingtoolkit.core.redis.RedisUrl;
import io.github.scalingtoolkit.core.settings.RotatingSecret;
import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.queue.JobQueue;
import io.github.scalingtoolkit.queue.QueueDepthMetrics;
import io.github.scalingtoolkit.queue.QueueMetrics;
import io.github.scalingtoolkit.queue.Worker;
import io.github.scalingtoolkit.todo.admin.AdminRoutes;
import io.github.scalingtoolkit.todo.admin.Readiness;
import io.github.scalingtoolkit.todo.api.AccountRoutes;
import io.github.scalingtoolkit.todo.api.Gate;
import io.github.scalingtoolkit.todo.api.JobRoutes;
import io.github.scalingtoolkit.todo.api.PageRoutes;
import io.github.scalingtoolkit.todo.api.PublicRoutes;
import io.github.scalingtoolkit.todo.api.TodoItemRoutes;
import io.github.scalingtoolkit.todo.api.TodoRoutes;
import io.github.scalingtoolkit.todo.config.TodoSettings;
import io.github.scalingtoolkit.todo.domain.StoreException;
import io.github.scalingtoolkit.todo.domain.UserId;
import io.github.scalingtoolkit.todo.http.Clients;
import io.github.scalingtoolkit.todo.http.HttpConfig;
import io.github.scalingtoolkit.todo.http.HttpServer;
import io.github.scalingtoolkit.todo.http.Route;
import io.github.scalingtoolkit.todo.http.Router;
import io.github.scalingtoolkit.todo.jobs.JsonLinesSink;
import io.github.scalingtoolkit.todo.jobs.NotificationSink;
import io.github.scalingtoolkit.todo.jobs.NotificationWorker;
import io.github.scalingtoolkit.todo.jobs.Notifications;
import io.github.scalingtoolkit.todo.jobs.OutboxSweeper;
import io.github.scalingtoolkit.todo.jobs.SmtpSink;
import io.github.scalingtoolkit.todo.login.Credentials;
import io.github.scalingtoolkit.todo.login.FirstUsers;
import io.github.scalingtoolkit.todo.login.Login;
import io.github.scalingtoolkit.todo.login.LoginLimits;
import io.github.scalingtoolkit.todo.login.PasswordHasher;
import io.github.scalingtoolkit.todo.login.RotatingKeys;
import io.github.scalingtoolkit.todo.login.UserStore;
import io.github.scalingtoolkit.todo.login.Users;
import io.github.scalingtoolkit.todo.mongo.MongoSettings;
import io.github.scalingtoolkit.todo.mongo.MongoTodoStore;
import io.github.scalingtoolkit.todo.stores.EmbeddedStores;
import io.github.scalingtoolkit.todo.stores.OwnedData;
import io.github.scalingtoolkit.todo.todos.ListPage;
import io.github.scalingtoolkit.todo.todos.ListWarming;
import io.github.scalingtoolkit.todo.todos.TodoReads;
import io.github.scalingtoolkit.todo.todos.TodoWrites;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.jvm.ClassLoaderMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The whole service in one process: builds everything, starts it in order, and stops it so that no request fails and no
 * job is lost.
 *
 * <p>Order of the start, and of the stop read backwards: data directory and embedded stores; MongoDB; Redis, cache and
 * queue; health and the admin port; sweeper and worker; the public port; and last "ready". So a stop first reports "not
 * ready", then finishes the requests in progress, then returns jobs to the queue, and closes the stores last.
 */
final class TodoApp {
  private static final String ISSUER = TodoSettings.Tokens.ISSUER;
  private static final String AUDIENCE = ISSUER;
  /** The peers of a cluster's worker: its balancer, on the same machine. */
  private static final ClientAddress BEHIND_BALANCER = ClientAddress.behind("127.0.0.0/8", "::1");

  private static final Duration QUICK = Duration.ofSeconds(3);
  /** With the cache off nothing is stored, but a cache needs a time to live. */
  private static final Duration UNUSED = Duration.ofSeconds(30);

  private final TodoSettings settings;
  private final Role role;
  private final Sweeping sweeping;
  private final boolean supervised;
  private final Clock clock = Clock.system();
  private final PrometheusMeterRegistry meters =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final Lifecycle lifecycle;

  private @Nullable OwnedData owned;
  private @Nullable MongoTodoStore store;
  private @Nullable RedisAccess queueRedis;
  private @Nullable RedisAccess cacheRedis;
  private @Nullable CacheAside<UserId, ListPage> lists;
  private @Nullable JobQueue queue;
  private @Nullable SettledRateLimiter limiter;
  private @Nullable SettledRateLimiter loginLimiter;
  private @Nullable HealthRegistry health;
  private @Nullable Readiness readiness;
  private @Nullable HttpServer admin;
  private @Nullable Router router;
  private @Nullable HttpServer web;
  private volatile @Nullable RotatingKeys rotatingKeys;
  private @Nullable OutboxSweeper sweeper;
  private @Nullable NotificationSink sink;
  private @Nullable Worker worker;

  /**
   * How notifications that Redis lost are enqueued again.
   *
   * @param owedFor how old an outbox entry is before it is swept
   * @param interval from the end of a sweep to the next
   */
  record Sweeping(Duration owedFor, Duration interval) {
    static final Sweeping USUAL = new Sweeping(OutboxSweeper.OWED_TOO_LONG, Duration.ofSeconds(10));
  }

  TodoApp(TodoSettings settings, Role role) {
    this(settings, role, Sweeping.USUAL);
  }

  TodoApp(TodoSettings settings, Role role, Sweeping sweeping) {
    this(settings, role, sweeping, false);
  }

  /** {@code supervised}: a supervisor owns the data directory, and every peer is its balancer. */
  TodoApp(TodoSettings settings, Role role, Sweeping sweeping, boolean supervised) {
    this.supervised = supervised;
    this.settings = settings;
    this.role = role;
    this.sweeping = sweeping;
    Duration drain = settings.drainTimeout();
    Lifecycle.Builder phases = Lifecycle.builder()
        .phase("data", this::openData, Duration.ofSeconds(10), this::closeData)
        .phase("mongo", this::openMongo, QUICK, () -> made(store).close());
    if (role == Role.ADD_USER) {
      lifecycle = phases.build();
      return;
    }
    phases.phase("redis", this::openRedis, QUICK, this::closeRedis);
    if (role == Role.WARM) {
      lifecycle = phases.build();
      return;
    }
    phases
        .phase("health", this::startHealth, QUICK, () -> made(health).close())
        .phase("admin", this::startAdmin, QUICK, () -> made(admin).stop(Duration.ofSeconds(1)))
        .phase(
            "sweeper",
            this::startSweeper,
            Duration.ofSeconds(5),
            () -> made(sweeper).close());
    if (role.works()) {
      phases.phase("worker", this::startWorker, drain.plusSeconds(5), this::stopWorker);
    }
    if (role.serves()) {
      phases.phase("web", this::startWeb, drain.plusSeconds(2), this::stopWeb);
    }
    lifecycle = phases.phase("ready", this::ready, QUICK, this::drain).build();
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

  /** Fills the cache; call it after the start. */
  ListWarming.Warmed warm() {
    return new ListWarming(made(lists), made(store)).warm();
  }

  /** Adds a user and tells whether the name was free; call it after the start. */
  boolean addUser(Credentials credentials) {
    return new Users(made(store).users(), new PasswordHasher()).add(credentials).isPresent();
  }

  /** Returns the public port; call it after the start of a serving process. */
  int port() {
    return made(web).port();
  }

  /** Returns the admin port; call it after the start. */
  int adminPort() {
    return made(admin).port();
  }

  private void openData() {
    Set<EmbeddedStores.Kind> kinds = settings.embedded();
    if (role == Role.ADD_USER) {
      kinds.remove(EmbeddedStores.Kind.REDIS);
    }
    boolean writesFile = role.works() && settings.smtpUrl().isEmpty();
    boolean needed = !kinds.isEmpty()
        || writesFile
        || role.serves() && settings.tokens().secret().isEmpty();
    if (needed && !supervised) {
      owned = OwnedData.open(settings.dataDirectory(), kinds, EmbeddedStores.AfterKill.STAYS);
    }
  }

  private void closeData() {
    if (owned != null) {
      owned.close();
    }
  }

  private void openMongo() {
    String uri = settings.mongoUri().or(() -> made(owned).mongoUri()).orElseThrow();
    store =
        MongoTodoStore.open(MongoSettings.of(uri).withPoolSize(settings.mongoPoolSize()), clock);
    store.bindTo(meters);
  }

  private void openRedis() {
    String url = settings.redisUrl().or(() -> made(owned).redisUrl()).orElseThrow();
    RedisAccess queueAccess = redis(url).name("redis").build();
    queueRedis = queueAccess;
    RedisMetrics.bind(meters, queueAccess);
    RedisAccess cacheAccess = queueAccess;
    if (settings.cacheRedisUrl().isPresent() && !settings.cacheRedisUrl().get().equals(url)) {
      cacheAccess = redis(settings.cacheRedisUrl().get()).name("redis-cache").build();
      RedisMetrics.bind(meters, cacheAccess);
    }
    cacheRedis = cacheAccess;
    queue = JobQueue.builder(queueAccess, Notifications.QUEUE).build();
    CacheAsideBuilder<UserId, ListPage> cache = CacheAside.builder(
            cacheAccess, "todos", ListPage.CODEC)
        .<UserId>keys(UserId::value)
        .timeToLive(settings.cache().timeToLive().orElse(UNUSED))
        .listener(CacheMetrics.of(meters, "todos"));
    settings
        .cache()
        .timeToLive()
        .filter(life -> settings.cache().localEntries() > 0)
        .ifPresent(life -> cache.local(settings.cache().localEntries(), life));
    lists = cache.build();
    CacheMetrics.bind(meters, lists);
    if (role.serves() && settings.rateLimit().isPresent()) {
      limiter =
          SettledRateLimiter.start(queueAccess, "api", settings.rateLimit().get());
      LimiterMetrics.bind(meters, limiter);
    }
    if (role.serves()) {
      RateLimit account = settings.accounts().loginLimit();
      loginLimiter = SettledRateLimiter.builder(queueAccess, "login")
          .policy("login", key -> LoginLimits.limitOf(key, account))
          .start();
      LimiterMetrics.bind(meters, loginLimiter);
    }
  }

  private RedisAccess.Builder redis(String url) {
    RedisAccess.Builder redis = RedisAccess.builder(url);
    if (RedisUrl.parse(url).mode() == RedisUrl.Mode.SENTINEL) {
      settings
          .sentinels()
          .ifPresent(asks -> redis.sentinelCredentials(asks.user().orElse(null), asks::password));
    }
    return redis;
  }

  private void closeRedis() {
    if (limiter != null) {
      limiter.close();
    }
    if (loginLimiter != null) {
      loginLimiter.close();
    }
    made(lists).close();
    if (cacheRedis != queueRedis) {
      made(cacheRedis).close();
    }
    made(queueRedis).close();
  }

  private void startHealth() {
    RedisAccess queueAccess = made(queueRedis);
    RedisAccess cacheAccess = made(cacheRedis);
    HealthRegistry.Builder checks = HealthRegistry.builder()
        // All processes share it: if each stopped serving without it, none would be left to serve
        // cached lists.
        .requiredToStart("mongodb", () -> ping(made(store)))
        .optional("redis", () -> ping(queueAccess, "REDIS_URL"));
    if (cacheAccess != queueAccess) {
      checks.optional("redis-cache", () -> ping(cacheAccess, "CACHE_REDIS_URL"));
    }
    health = checks.build();
    HealthMetrics.bind(meters, health);
    health.start();
    readiness = new Readiness(health);
  }

  private static void ping(MongoTodoStore store) {
    try {
      store.ping();
    } catch (StoreException told) {
      throw new UnhealthyException(String.valueOf(told.getMessage()));
    }
  }

  private static void ping(RedisAccess redis, String setting) {
    try {
      redis.ping();
    } catch (RuntimeException failure) {
      String sentinels = redis.description().contains("+sentinel://")
          ? ", and that SENTINEL_USER and SENTINEL_PASSWORD are the sentinels'"
          : "";
      throw new UnhealthyException(redis.explain(failure) + "; check that it runs and that "
          + setting + " names it" + sentinels);
    }
  }

  private void startAdmin() {
    bindJvm(meters);
    TodoSettings.Web web = settings.web();
    AdminRoutes routes = new AdminRoutes(made(readiness), meters::scrape, this::info);
    admin = HttpServer.start(
        HttpConfig.at("admin", web.adminHost(), web.adminPort()),
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
    RotatingKeys keys = rotatingKeys;
    if (keys != null) {
      info.put("keys", keys.ids());
    }
    return info;
  }

  private void startSweeper() {
    OutboxSweeper started = new OutboxSweeper(
        made(store), new Notifications(made(queue)), sweeping.owedFor(), sweeping.interval());
    sweeper = started;
    made(queueRedis).onRecovery(client -> started.catchUp());
    started.start();
  }

  private void startWorker() {
    sink = settings.smtpUrl().isPresent()
        ? new SmtpSink(settings.smtpUrl().get())
        : new JsonLinesSink(dataPath().resolve("notifications.jsonl"), clock);
    worker = NotificationWorker.start(
        made(queue),
        sink,
        made(store),
        settings.workerConcurrency(),
        QueueMetrics.of(meters, Notifications.QUEUE));
    QueueDepthMetrics.bind(meters, made(queue));
  }

  private Path dataPath() {
    return owned == null ? settings.dataDirectory() : owned.path();
  }

  private void stopWorker() {
    made(worker).close(settings.drainTimeout());
    made(sink).close();
  }

  private void startWeb() {
    TodoSettings.Tokens tokens = settings.tokens();
    RotatingSecret secret =
        tokens.secret().orElseGet(() -> RotatingSecret.of(made(owned).secretFile("jwt.key", 48)));
    RotatingKeys keys = RotatingKeys.start(tokens.algorithm(), ISSUER, secret);
    rotatingKeys = keys;
    keys.bindTo(meters);
    TokenIssuer issuer = TokenIssuer.builder()
        .issuer(ISSUER)
        .audience(AUDIENCE)
        .keys(keys)
        .timeToLive(tokens.timeToLive())
        .build();
    JwtVerifier verifier = JwtVerifier.builder()
        .issuer(ISSUER)
        .audience(AUDIENCE)
        .keys(keys)
        .cache(10_000, Duration.ofSeconds(60))
        .listener(AuthMetrics.of(meters))
        .build();
    Clients clients = new Clients(supervised ? BEHIND_BALANCER : settings.web().clients());
    Gate gate = new Gate(verifier, Optional.ofNullable(limiter), clients);
    Notifications notifications = new Notifications(made(queue), made(sweeper)::enqueueFailed);
    TodoReads reads =
        new TodoReads(made(lists), settings.cache().timeToLive().isPresent(), made(store));
    TodoWrites writes =
        new TodoWrites(made(store), made(lists), made(cacheRedis), made(queueRedis), notifications);
    boolean registration = settings.accounts().registration();
    List<Route> routes = new ArrayList<>();
    routes.addAll(new PageRoutes(registration, settings.demo()).routes());
    routes.addAll(new PublicRoutes(clock, registration).routes());
    routes.addAll(accountRoutes(gate, issuer, clients).routes());
    routes.addAll(new TodoRoutes(gate, reads, writes).routes());
    routes.addAll(new TodoItemRoutes(gate, reads, writes).routes());
    routes.addAll(new JobRoutes(gate, reads, notifications).routes());
    Router found = new Router(routes);
    router = found;
    TodoSettings.Web listen = settings.web();
    web = HttpServer.start(
        new HttpConfig(
            "public",
            listen.host(),
            listen.port(),
            listen.maxBody(),
            listen.maxInFlight(),
            Duration.ofSeconds(10),
            Duration.ofSeconds(75),
            listen.corsOrigins(),
            supervised),
        found,
        meters);
  }

  private AccountRoutes accountRoutes(Gate gate, TokenIssuer issuer, Clients clients) {
    TodoSettings.Accounts accounts = settings.accounts();
    UserStore userStore = made(store).users();
    PasswordHasher hasher = new PasswordHasher();
    Users users = new Users(userStore, hasher);
    new FirstUsers(users, accounts.firstUser(), settings.demo(), accounts.registration())
        .seed(supervised || settings.mongoUri().isEmpty());
    return new AccountRoutes(
        gate,
        new Login(userStore, hasher, new LoginLimits(made(loginLimiter))),
        users,
        issuer,
        settings.tokens().timeToLive(),
        clients,
        accounts.registration());
  }

  private void stopWeb() {
    made(web).stop(settings.drainTimeout());
    made(rotatingKeys).close();
  }

  private void ready() {
    made(readiness).started();
  }

  private void drain() {
    made(readiness).drain();
    if (web != null) {
      web.drain();
    }
  }

  /** Returns the routes of the public port; call it after the start of a serving process. */
  List<Route> routes() {
    return made(router).routes();
  }

  /** Everything that is measured. */
  MeterRegistry meters() {
    return meters;
  }

  private static void bindJvm(MeterRegistry meters) {
    new ClassLoaderMetrics().bindTo(meters);
    new JvmMemoryMetrics().bindTo(meters);
    new JvmThreadMetrics().bindTo(meters);
    new ProcessorMetrics().bindTo(meters);
    new UptimeMetrics().bindTo(meters);
  }

  private static <T> T made(@Nullable T part) {
    if (part == null) {
      throw new IllegalStateException("used before its phase has started");
    }
    return part;
  }
}
