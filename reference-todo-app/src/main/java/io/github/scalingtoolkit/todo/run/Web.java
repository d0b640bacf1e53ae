package io.github.scalingtoolkit.todo.run;

import io.github.scalingtoolkit.auth.AuthMetrics;
import io.github.scalingtoolkit.auth.JwtVerifier;
import io.github.scalingtoolkit.auth.TokenIssuer;
import io.github.scalingtoolkit.core.limit.ClientAddress;
import io.github.scalingtoolkit.core.limit.LimiterMetrics;
import io.github.scalingtoolkit.core.limit.RateLimit;
import io.github.scalingtoolkit.core.limit.SettledRateLimiter;
import io.github.scalingtoolkit.core.settings.RotatingSecret;
import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.queue.Outbox;
import io.github.scalingtoolkit.todo.api.AccountRoutes;
import io.github.scalingtoolkit.todo.api.Gate;
import io.github.scalingtoolkit.todo.api.JobRoutes;
import io.github.scalingtoolkit.todo.api.PageRoutes;
import io.github.scalingtoolkit.todo.api.PublicRoutes;
import io.github.scalingtoolkit.todo.api.TodoItemRoutes;
import io.github.scalingtoolkit.todo.api.TodoRoutes;
import io.github.scalingtoolkit.todo.config.TodoSettings;
import io.github.scalingtoolkit.todo.http.Clients;
import io.github.scalingtoolkit.todo.http.HttpConfig;
import io.github.scalingtoolkit.todo.http.HttpServer;
import io.github.scalingtoolkit.todo.http.Route;
import io.github.scalingtoolkit.todo.http.Router;
import io.github.scalingtoolkit.todo.jobs.Notifications;
import io.github.scalingtoolkit.todo.login.FirstUsers;
import io.github.scalingtoolkit.todo.login.Login;
import io.github.scalingtoolkit.todo.login.LoginLimits;
import io.github.scalingtoolkit.todo.login.PasswordHasher;
import io.github.scalingtoolkit.todo.login.RotatingKeys;
import io.github.scalingtoolkit.todo.login.Users;
import io.github.scalingtoolkit.todo.mongo.MongoTodoStore;
import io.github.scalingtoolkit.todo.todos.TodoReads;
import io.github.scalingtoolkit.todo.todos.TodoWrites;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The public port, and what decides who is admitted there.
 *
 * @param limits the limits on requests and on logins
 */
record Web(HttpServer server, Router router, RotatingKeys keys, List<SettledRateLimiter> limits) {
  private static final String ISSUER = TodoSettings.Tokens.ISSUER;
  private static final String AUDIENCE = ISSUER;
  /** The peers of a cluster's worker: its balancer, on the same machine. */
  private static final ClientAddress BEHIND_BALANCER = ClientAddress.behind("127.0.0.0/8", "::1");

  /** Makes the parts of a {@link Web} from what all of them use. */
  record Maker(
      TodoSettings settings,
      boolean supervised,
      MongoTodoStore store,
      OnRedis redis,
      Outbox sweeper,
      Clock clock,
      MeterRegistry meters) {

    /** Opens the port. */
    Web start(RotatingSecret tokenSecret) {
      return Started.all(started -> {
        RotatingKeys keys = started.add(
            RotatingKeys.start(settings.tokens().algorithm(), ISSUER, tokenSecret),
            RotatingKeys::close);
        keys.bindTo(meters);
        Optional<SettledRateLimiter> requests = settings
            .rateLimit()
            .map(limit -> started.add(
                SettledRateLimiter.start(redis.access(), "api", limit), SettledRateLimiter::close));
        SettledRateLimiter logins = started.add(loginLimiter(), SettledRateLimiter::close);
        List<SettledRateLimiter> limits = new ArrayList<>(List.of(logins));
        requests.ifPresent(limits::add);
        limits.forEach(limit -> LimiterMetrics.bind(meters, limit));
        Router router = new Router(routes(keys, requests, new LoginLimits(logins)));
        return new Web(HttpServer.start(config(), router, meters), router, keys, limits);
      });
    }

    private SettledRateLimiter loginLimiter() {
      RateLimit account = settings.accounts().loginLimit();
      return SettledRateLimiter.builder(redis.access(), "login")
          .policy("login", key -> LoginLimits.limitOf(key, account))
          .start();
    }

    private List<Route> routes(
        RotatingKeys keys, Optional<SettledRateLimiter> requests, LoginLimits logins) {
      Clients clients =
          new Clients(supervised ? BEHIND_BALANCER : settings.web().clients());
      Gate gate = new Gate(verifier(keys), requests, clients);
      Notifications notifications =
          new Notifications(redis.access(), redis.queue(), sweeper::enqueueFailed);
      TodoReads reads =
          new TodoReads(redis.lists(), settings.cache().timeToLive().isPresent(), store);
      TodoWrites writes = new TodoWrites(store, redis.lists(), notifications);
      boolean registration = settings.accounts().registration();
      List<Route> routes = new ArrayList<>();
      routes.addAll(new PageRoutes(registration, settings.demo()).routes());
      routes.addAll(new PublicRoutes(clock, registration).routes());
      routes.addAll(accountRoutes(gate, issuer(keys), clients, logins).routes());
      routes.addAll(new TodoRoutes(gate, reads, writes).routes());
      routes.addAll(new TodoItemRoutes(gate, reads, writes).routes());
      routes.addAll(new JobRoutes(gate, reads, notifications).routes());
      return routes;
    }

    private TokenIssuer issuer(RotatingKeys keys) {
      return TokenIssuer.builder()
          .issuer(ISSUER)
          .audience(AUDIENCE)
          .keys(keys)
          .timeToLive(settings.tokens().timeToLive())
          .build();
    }

    private JwtVerifier verifier(RotatingKeys keys) {
      return JwtVerifier.builder()
          .issuer(ISSUER)
          .audience(AUDIENCE)
          .keys(keys)
          .cache(10_000, Duration.ofSeconds(60))
          .listener(AuthMetrics.of(meters))
          .build();
    }

    private AccountRoutes accountRoutes(
        Gate gate, TokenIssuer issuer, Clients clients, LoginLimits limits) {
      TodoSettings.Accounts accounts = settings.accounts();
      PasswordHasher hasher = new PasswordHasher();
      Users users = new Users(store.users(), hasher);
      new FirstUsers(users, accounts.firstUser(), settings.demo(), accounts.registration())
          .seed(supervised || settings.mongoUri().isEmpty());
      return new AccountRoutes(
          gate,
          new Login(store.users(), hasher, limits, settings.web().maxInFlight()),
          users,
          issuer,
          settings.tokens().timeToLive(),
          clients,
          accounts.registration());
    }

    private HttpConfig config() {
      TodoSettings.Web listen = settings.web();
      return new HttpConfig(
          "public",
          listen.host(),
          listen.port(),
          listen.maxBody(),
          listen.maxInFlight(),
          Duration.ofSeconds(10),
          Duration.ofSeconds(75),
          listen.corsOrigins(),
          supervised);
    }
  }

  /** Goes on serving, but closes each connection with its next answer. */
  void drain() {
    server.drain();
  }

  /** Waits for requests in progress, for {@code longest} at most, and closes the port. */
  void stop(Duration longest) {
    server.stop(longest);
    limits.forEach(SettledRateLimiter::close);
    keys.close();
  }
}
