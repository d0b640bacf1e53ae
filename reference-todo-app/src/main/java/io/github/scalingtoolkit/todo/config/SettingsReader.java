package io.github.scalingtoolkit.todo.config;

import io.github.scalingtoolkit.auth.Algorithm;
import io.github.scalingtoolkit.core.limit.ClientAddress;
import io.github.scalingtoolkit.core.limit.RateLimit;
import io.github.scalingtoolkit.core.redis.RedisUrl;
import io.github.scalingtoolkit.core.settings.RotatingSecret;
import io.github.scalingtoolkit.core.settings.Secret;
import io.github.scalingtoolkit.core.settings.Settings;
import io.github.scalingtoolkit.core.settings.SettingsException;
import io.github.scalingtoolkit.core.settings.SettingsSource;
import io.github.scalingtoolkit.todo.config.TodoSettings.Accounts;
import io.github.scalingtoolkit.todo.config.TodoSettings.ListCache;
import io.github.scalingtoolkit.todo.config.TodoSettings.Mode;
import io.github.scalingtoolkit.todo.config.TodoSettings.Sentinels;
import io.github.scalingtoolkit.todo.config.TodoSettings.Tokens;
import io.github.scalingtoolkit.todo.config.TodoSettings.Web;
import io.github.scalingtoolkit.todo.jobs.SmtpUrl;
import io.github.scalingtoolkit.todo.logging.Logging;
import io.github.scalingtoolkit.todo.login.Credentials;
import io.github.scalingtoolkit.todo.login.LoginLimits;
import io.github.scalingtoolkit.todo.login.SigningKeys;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Binds the settings of the contract, §3, in the order in which sources win there. */
public final class SettingsReader {
  private static final String MAKE_ONE =
      "Make one: export JWT_SECRET=\"$(openssl rand -base64 48)\"";
  private static final int MOST_LOCAL_ENTRIES = 10_000_000;

  private SettingsReader() {}

  /**
   * Reads the settings of this process: its system properties, {@code environment}, and {@code .env} in its directory.
   *
   * @param embeddedStores whether the program contains stores: the demo jar runs in demo mode by default
   * @throws SettingsException with all that is wrong
   */
  public static TodoSettings read(boolean embeddedStores, SettingsSource environment) {
    return read(embeddedStores, SettingsSource.systemProperties(), environment, Path.of(".env"));
  }

  /** As {@link #read(boolean, SettingsSource)}, from given sources. */
  static TodoSettings read(
      boolean embeddedStores, SettingsSource properties, SettingsSource environment, Path dotEnv) {
    Mode mode = mode(embeddedStores, Settings.from(properties, environment));
    Settings settings = mode == Mode.PRODUCTION
        ? Settings.from(properties, environment)
        : Settings.from(properties, environment, SettingsSource.dotEnv(dotEnv));
    // Read again, so that it is checked and listed with the others.
    mode = mode(embeddedStores, settings);
    boolean demo = mode == Mode.DEMO;
    if (demo && !embeddedStores) {
      settings.problem(
          "APP_ENV=demo needs the demo jar (…-demo.jar), which contains the embedded stores:"
              + " start that one, or set APP_ENV=production");
    }
    Optional<String> redisUrl = orDefault(
        redisUrl(settings, "REDIS_URL", "the queue, and the cache unless CACHE_REDIS_URL is set"),
        demo,
        "redis://localhost:6379");
    Optional<String> cacheRedisUrl =
        redisUrl(settings, "CACHE_REDIS_URL", "the cache, if it has its own Redis");
    TodoSettings read = new TodoSettings(
        mode,
        web(settings, demo ? "127.0.0.1" : "0.0.0.0"),
        orDefault(
            settings.hidden(
                "MONGO_URI",
                "a MongoDB URI such as mongodb://localhost:27017/todoapp",
                "where todos and users are kept",
                MongoUri::checked),
            demo,
            "mongodb://localhost:27017/todoapp"),
        settings.integer("MONGO_POOL_SIZE", 32, 1, 1000, "connections to MongoDB"),
        redisUrl,
        cacheRedisUrl,
        sentinels(settings),
        tokens(settings, demo),
        accounts(settings, demo),
        new ListCache(
            settings.durationOrOff(
                "CACHE_TTL",
                Optional.of(Duration.ofSeconds(30)),
                "how long a list is cached, give or take 10 %; off to read each from MongoDB"),
            settings.value(
                "CACHE_LOCAL",
                10_000,
                "a number of entries from 1 to " + MOST_LOCAL_ENTRIES + ", or off",
                "lists kept in this process' memory",
                SettingsReader::localEntries)),
        value(
            settings,
            "RATE_LIMIT",
            "1000/1m",
            "permits/period such as 1000/1m, or off",
            "requests to /api of one user, or of one address without a token",
            text -> isOff(text) ? Optional.empty() : Optional.of(rateLimit(text))),
        settings.integer("WORKER_CONCURRENCY", 16, 1, 10_000, "jobs handled at a time"),
        settings.hidden(
            "SMTP_URL",
            "smtp://user:password@host:port?from=address&to=address",
            "where notifications are mailed; without, they go to notifications.jsonl in DATA_DIR",
            SmtpUrl::parse),
        settings.value(
            "DATA_DIR",
            Path.of("data"),
            "a path",
            "what the process owns on disk",
            SettingsReader::path),
        settings.duration("DRAIN_TIMEOUT", Duration.ofSeconds(10), "how long a stop may take"),
        settings.choice(
            "LOG_FORMAT",
            mode == Mode.PRODUCTION ? Logging.Format.JSON : Logging.Format.TEXT,
            "how log lines look"),
        settings.value(
            "LOG_LEVEL",
            "info",
            "one of error, warn, info, debug, trace",
            "from which level lines are logged",
            SettingsReader::level),
        settings.listing(),
        hints(settings, redisUrl, cacheRedisUrl));
    settings.finish();
    return read;
  }

  private static Mode mode(boolean embeddedStores, Settings settings) {
    Mode unless = embeddedStores ? Mode.DEMO : Mode.PRODUCTION;
    Mode byNode = settings
        .optional(
            "NODE_ENV",
            "production, development, test or demo",
            "same as APP_ENV, for users of Node",
            text -> switch (text.toLowerCase(Locale.ROOT)) {
              case "production" -> Mode.PRODUCTION;
              case "development", "test" -> Mode.DEVELOPMENT;
              case "demo" -> Mode.DEMO;
              default -> throw new IllegalArgumentException("unknown");
            })
        .orElse(unless);
    return settings.choice("APP_ENV", byNode, "the purpose of this process");
  }

  private static Web web(Settings settings, String everywhere) {
    String host = settings.text("HOST", everywhere, "address of the public port");
    int port = settings.port("PORT", 3000, "the public port; 0 for any free one");
    String adminHost = settings.text("ADMIN_HOST", everywhere, "address of the admin port");
    int adminPort = settings.port("ADMIN_PORT", 3001, "the admin port; 0 for any free one");
    if (port == adminPort && port != 0) {
      settings.problem("PORT and ADMIN_PORT must differ but both are " + port
          + ": set one of them to another port");
    }
    return new Web(
        host,
        port,
        adminHost,
        adminPort,
        settings
            .optional(
                "TRUSTED_PROXIES",
                "addresses and networks such as 10.0.0.0/8,fd00::/8",
                "proxies whose X-Forwarded-For tells the client",
                text -> ClientAddress.behind(text.split(",")))
            .orElse(ClientAddress.behind()),
        value(
            settings,
            "CORS_ORIGINS",
            "*",
            "* or origins such as https://a.example,https://b.example",
            "origins whose pages may read answers",
            SettingsReader::origins),
        settings.bytes(
            "MAX_BODY", 100L * 1024, 1024, 1024 * 1024, "most bytes of a request's body"),
        settings.integer(
            "MAX_IN_FLIGHT",
            256,
            1,
            100_000,
            "requests worked on at a time; as many again may wait"));
  }

  private static List<String> hints(
      Settings settings, Optional<String> redisUrl, Optional<String> cacheRedisUrl) {
    List<String> hints = new ArrayList<>(settings.hints());
    boolean forSentinels = settings.listing().stream()
        .anyMatch(setting ->
            setting.key().startsWith("SENTINEL_") && !setting.source().equals("default"));
    if (forSentinels
        && Stream.of(redisUrl, cacheRedisUrl)
            .flatMap(Optional::stream)
            .noneMatch(url -> RedisUrl.parse(url).mode() == RedisUrl.Mode.SENTINEL)) {
      hints.add("SENTINEL_USER and SENTINEL_PASSWORD are not used: neither REDIS_URL nor"
          + " CACHE_REDIS_URL is a redis+sentinel:// URL");
    }
    return hints;
  }

  private static Tokens tokens(Settings settings, boolean demo) {
    Algorithm algorithm = value(
        settings,
        "JWT_ALGORITHM",
        "HS256",
        "HS256 or HS512",
        "the algorithm that signs tokens",
        text -> Algorithm.valueOf(text.toUpperCase(Locale.ROOT)));
    Optional<RotatingSecret> secret = settings.rotatingSecret(
        "JWT_SECRET", "signs tokens; of several secrets, one a line, the first signs, all verify");
    if (secret.isEmpty() && !demo) {
      settings.problem("JWT_SECRET must be set. " + MAKE_ONE);
    }
    secret.ifPresent(found -> {
      try {
        SigningKeys.read(algorithm, Tokens.ISSUER, found.current());
      } catch (IllegalArgumentException unfit) {
        settings.problem("JWT_SECRET " + unfit.getMessage() + ". " + MAKE_ONE);
      }
    });
    return new Tokens(
        secret,
        algorithm,
        settings.duration("ACCESS_TOKEN_TTL", Duration.ofHours(1), "how long a token is valid"));
  }

  private static Accounts accounts(Settings settings, boolean demo) {
    Optional<String> name = settings.optional(
        "FIRST_USER", "a username", "the user made at the start if there is none", text -> text);
    Optional<Secret> password = settings.secret("FIRST_USER_PASSWORD", "the first user's password");
    if (name.isPresent() != password.isPresent()) {
      settings.problem("FIRST_USER and FIRST_USER_PASSWORD must be set together, or neither");
    }
    Optional<Credentials> first =
        name.flatMap(username -> password.map(secret -> new Credentials(username, secret)));
    first.ifPresent(user -> user.broken()
        .forEach(rule -> settings.problem(
            (rule.field().equals("username") ? "FIRST_USER " : "FIRST_USER_PASSWORD ")
                + rule.message())));
    return new Accounts(
        first,
        settings.choice(
                "REGISTRATION", demo ? Switch.ON : Switch.OFF, "whether users register themselves")
            == Switch.ON,
        value(
            settings,
            "LOGIN_RATE_LIMIT",
            "10/1m",
            "permits/period such as 10/1m",
            "failed logins of one address to one account; ten times as many to all",
            SettingsReader::loginLimit));
  }

  private enum Switch {
    ON,
    OFF
  }

  private static RateLimit loginLimit(String text) {
    RateLimit limit = RateLimit.parse("login", text);
    if (limit.period().toNanos() / limit.permits() < 1000L * LoginLimits.ADDRESS_FACTOR) {
      throw new IllegalArgumentException("more than a permit a microsecond");
    }
    return limit;
  }

  /** Reads a value whose default is listed in the form in which it is set. */
  private static <T> T value(
      Settings settings,
      String key,
      String fallback,
      String form,
      String description,
      Function<String, T> parser) {
    Map<String, T> parsed = new HashMap<>(Map.of(fallback, parser.apply(fallback)));
    String text = settings.value(key, fallback, form, description, given -> {
      parsed.put(given, parser.apply(given));
      return given;
    });
    return Objects.requireNonNull(parsed.get(text));
  }

  private static Optional<String> redisUrl(Settings settings, String key, String what) {
    return settings.hidden(
        key,
        "redis[s]://host:port, redis[s]+cluster://host:port,host:port or redis[s]+sentinel://host:port/master",
        what,
        text -> {
          try {
            RedisUrl.parse(text);
          } catch (IllegalArgumentException shownWithoutSecrets) {
            throw new SettingsException(String.valueOf(shownWithoutSecrets.getMessage()));
          }
          return text;
        });
  }

  private static Optional<Sentinels> sentinels(Settings settings) {
    Optional<String> user = settings.optional(
        "SENTINEL_USER",
        "text",
        "the user for the sentinels of a redis+sentinel URL",
        text -> text);
    Optional<Secret> password =
        settings.secret("SENTINEL_PASSWORD", "the password for the sentinels");
    if (user.isPresent() && password.isEmpty()) {
      settings.problem("SENTINEL_USER needs SENTINEL_PASSWORD: set it, or unset SENTINEL_USER");
    }
    return password.map(secret -> new Sentinels(user, secret));
  }

  private static Optional<String> orDefault(Optional<String> set, boolean demo, String fallback) {
    return set.isPresent() || demo ? set : Optional.of(fallback);
  }

  private static RateLimit rateLimit(String text) {
    RateLimit limit = RateLimit.parse("api", text);
    if (limit.period().toNanos() / limit.permits() < 1000) {
      throw new IllegalArgumentException("more than a permit a microsecond");
    }
    return limit;
  }

  private static Integer localEntries(String text) {
    if (isOff(text)) {
      return 0;
    }
    int entries = Integer.parseInt(text);
    if (entries < 1 || entries > MOST_LOCAL_ENTRIES) {
      throw new IllegalArgumentException("out of range");
    }
    return entries;
  }

  private static Set<String> origins(String text) {
    Set<String> origins =
        Arrays.stream(text.split(",")).map(String::strip).collect(Collectors.toUnmodifiableSet());
    for (String origin : origins) {
      if (!origin.equals("*") && !origin.matches("https?://[^/\\s]+")) {
        throw new IllegalArgumentException("not an origin");
      }
    }
    return origins;
  }

  private static Path path(String text) {
    try {
      return Path.of(text);
    } catch (InvalidPathException e) {
      throw new IllegalArgumentException("not a path", e);
    }
  }

  private static String level(String text) {
    String level = text.toLowerCase(Locale.ROOT);
    if (!Set.of("error", "warn", "info", "debug", "trace").contains(level)) {
      throw new IllegalArgumentException("not a level");
    }
    return level;
  }

  private static boolean isOff(String text) {
    return text.equalsIgnoreCase("off");
  }
}
