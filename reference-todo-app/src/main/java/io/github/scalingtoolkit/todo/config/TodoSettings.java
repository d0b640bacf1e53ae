package io.github.scalingtoolkit.todo.config;

import io.github.scalingtoolkit.auth.Algorithm;
import io.github.scalingtoolkit.core.limit.ClientAddress;
import io.github.scalingtoolkit.core.limit.RateLimit;
import io.github.scalingtoolkit.core.settings.RotatingSecret;
import io.github.scalingtoolkit.core.settings.Secret;
import io.github.scalingtoolkit.core.settings.Setting;
import io.github.scalingtoolkit.todo.jobs.SmtpUrl;
import io.github.scalingtoolkit.todo.logging.Logging;
import io.github.scalingtoolkit.todo.login.Credentials;
import io.github.scalingtoolkit.todo.stores.EmbeddedStores;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * All settings, as the contract lists them.
 *
 * @param mode the purpose of the process
 * @param web where and how it listens
 * @param mongoUri the MongoDB; empty in demo mode, where the embedded store stands in
 * @param mongoPoolSize connections to it
 * @param redisUrl the Redis; empty in demo mode likewise
 * @param cacheRedisUrl the Redis of the cache, if it is another one
 * @param sentinels credentials for the sentinels of either, if they require them
 * @param tokens how tokens are made
 * @param accounts who may log in, and how often one may try
 * @param cache how lists are cached
 * @param rateLimit requests of one principal or, without one, of one address; empty for no limit
 * @param workerConcurrency jobs a process handles at a time
 * @param smtpUrl where notifications are mailed; empty to append them to a file
 * @param dataDirectory what the process owns on disk
 * @param drainTimeout how long a stop may take to finish requests in progress
 * @param logFormat how lines look
 * @param logLevel from which level
 * @param listing all of it as read, for print-config
 * @param hints likely mistakes in the sources, one sentence each
 */
public record TodoSettings(
    Mode mode,
    Web web,
    Optional<String> mongoUri,
    int mongoPoolSize,
    Optional<String> redisUrl,
    Optional<String> cacheRedisUrl,
    Optional<Sentinels> sentinels,
    Tokens tokens,
    Accounts accounts,
    ListCache cache,
    Optional<RateLimit> rateLimit,
    int workerConcurrency,
    Optional<SmtpUrl> smtpUrl,
    Path dataDirectory,
    Duration drainTimeout,
    Logging.Format logFormat,
    String logLevel,
    List<Setting> listing,
    List<String> hints) {

  /** The purpose of the process. */
  public enum Mode {
    /** To try it out: embedded stores, a demo user, this machine only. */
    DEMO,
    /** For development: as production, with a {@code .env} file. */
    DEVELOPMENT,
    /** For real use. */
    PRODUCTION
  }

  /**
   * Where and how it listens.
   *
   * @param host address of the public port
   * @param port the public port; 0 for any
   * @param adminHost address of the admin port
   * @param adminPort the admin port; 0 for any
   * @param clients finds the address of a client behind trusted proxies
   * @param corsOrigins origins whose pages may read answers, or {@code *}
   * @param maxBody most bytes of a body
   * @param maxInFlight most requests at a time
   */
  public record Web(
      String host,
      int port,
      String adminHost,
      int adminPort,
      ClientAddress clients,
      Set<String> corsOrigins,
      long maxBody,
      int maxInFlight) {}

  /**
   * The credentials for sentinels.
   *
   * @param user their ACL user; empty for their default one
   * @param password its password
   */
  public record Sentinels(Optional<String> user, Secret password) {}

  /**
   * How tokens are made.
   *
   * @param secret the secrets, one a line, of which the first signs; read again from its file if it has one. Empty in demo
   *     mode, where one is generated and kept
   * @param algorithm the signing algorithm
   * @param timeToLive how long they are valid
   */
  public record Tokens(Optional<RotatingSecret> secret, Algorithm algorithm, Duration timeToLive) {
    /** The issuer of all tokens, and the audience that they are for. */
    public static final String ISSUER = "todo-api";
  }

  /**
   * Who may log in.
   *
   * @param firstUser the user to add at the start if there is none at all
   * @param registration whether users can register themselves
   * @param loginLimit how often an address may fail to log in to one account; ten times as often to all
   */
  public record Accounts(
      Optional<Credentials> firstUser, boolean registration, RateLimit loginLimit) {}

  /**
   * How lists are cached.
   *
   * @param timeToLive how long; empty to read no list from the cache, while writes still invalidate the caches of others
   * @param localEntries how many in this process' memory; 0 for none
   */
  public record ListCache(Optional<Duration> timeToLive, int localEntries) {}

  /** Returns the stores that are not set and so are embedded. */
  public Set<EmbeddedStores.Kind> embedded() {
    Set<EmbeddedStores.Kind> kinds = EnumSet.noneOf(EmbeddedStores.Kind.class);
    if (mongoUri.isEmpty()) {
      kinds.add(EmbeddedStores.Kind.MONGO);
    }
    if (redisUrl.isEmpty()) {
      kinds.add(EmbeddedStores.Kind.REDIS);
    }
    return kinds;
  }

  /** Tells whether embedded stores and a demo user replace missing settings. */
  public boolean demo() {
    return mode == Mode.DEMO;
  }
}
