package io.github.scalingtoolkit.todo.config;

import io.github.scalingtoolkit.auth.Algorithm;
import io.github.scalingtoolkit.core.limit.ClientAddress;
import io.github.scalingtoolkit.core.limit.RateLimit;
import io.github.scalingtoolkit.core.settings.RotatingSecret;
import io.github.scalingtoolkit.core.settings.Secret;
import io.github.scalingtoolkit.core.settings.Setting;
import io.github.scalingtoolkit.todo.jobs.SmtpUrl;
import io.github.scalingtoolkit.todo.logging.Logging;
import io.github.scalingtoolkit.todo.stores.EmbeddedStores;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Everything that can be set, as the contract lists it.
 *
 * @param mode what the service is run for
 * @param web where and how it listens
 * @param mongoUri the MongoDB; empty in demo mode, where the embedded store stands in
 * @param mongoPoolSize connections to it
 * @param redisUrl the Redis; empty in demo mode likewise
 * @param cacheRedisUrl the Redis of the cache, if it is another one
 * @param sentinels who asks the sentinels of either, if they want to know
 * @param tokens how tokens are made
 * @param cache how lists are cached
 * @param rateLimit requests of one principal or, without one, of one address; empty for no limit
 * @param workerConcurrency jobs a process handles at a time
 * @param smtpUrl where notifications are mailed; empty to append them to a file
 * @param dataDirectory what the process owns on disk
 * @param drainTimeout how long a stop may take to answer what is under way
 * @param logFormat how lines look
 * @param logLevel from which level
 * @param listing all of it as read, for print-config
 * @param hints what looks like a slip in the sources, a sentence each
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

  /** What the service is run for. */
  public enum Mode {
    /** To be looked at: embedded stores, a demo user, this machine only. */
    DEMO,
    /** To be worked on: as production, with a {@code .env} file. */
    DEVELOPMENT,
    /** To be used. */
    PRODUCTION
  }

  /**
   * Where and how it listens.
   *
   * @param host address of the public port
   * @param port the public port; 0 for any
   * @param adminHost address of the admin port
   * @param adminPort the admin port; 0 for any
   * @param clients who a client behind trusted proxies is
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
   * Who asks sentinels for the master.
   *
   * @param user their ACL user; empty for their default one
   * @param password its password
   */
  public record Sentinels(Optional<String> user, Secret password) {}

  /**
   * How tokens are made.
   *
   * @param secret what signs them, read again from its file if it has one; empty in demo mode, where one is made and kept
   * @param algorithm by which algorithm
   * @param timeToLive how long they hold
   */
  public record Tokens(Optional<RotatingSecret> secret, Algorithm algorithm, Duration timeToLive) {}

  /**
   * How lists are cached.
   *
   * @param timeToLive how long; empty to read no list from the cache, while writes tell the caches of others all the same
   * @param localEntries how many in this process' memory; 0 for none
   */
  public record ListCache(Optional<Duration> timeToLive, int localEntries) {}

  /** Returns the stores that are not set and so come with the program. */
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

  /** Tells whether embedded stores and a demo user stand in for what is not set. */
  public boolean demo() {
    return mode == Mode.DEMO;
  }
}
