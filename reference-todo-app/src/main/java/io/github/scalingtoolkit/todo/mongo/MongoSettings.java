package io.github.scalingtoolkit.todo.mongo;

import com.mongodb.ConnectionString;
import com.mongodb.WriteConcern;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How to reach MongoDB.
 *
 * @param uri {@code mongodb://} or {@code mongodb+srv://}, in the driver's syntax; may hold a password, so never logged.
 *     Its write concern, read preference, TLS and authentication apply; time limits and pool size in it
 *     do not, because those below bound every operation
 * @param poolSize most connections to a server and most operations at a time, at least 1; default 32
 * @param operationTimeout the whole time of one operation with its retries, without {@code busyTimeout}; default 2 s
 * @param busyTimeout how long an operation waits for a free connection; default 500 ms
 */
public record MongoSettings(
    String uri, int poolSize, Duration operationTimeout, Duration busyTimeout) {
  static final String DEFAULT_DATABASE = "todoapp";

  /** @throws IllegalArgumentException if a value is out of range or the URI is invalid; the message has no secret */
  public MongoSettings {
    if (poolSize < 1) {
      throw new IllegalArgumentException("poolSize must be >= 1 but was " + poolSize);
    }
    requirePositive("operationTimeout", operationTimeout);
    requirePositive("busyTimeout", busyTimeout);
    WriteConcern asked = parse(uri).getWriteConcern();
    if (asked != null && !asked.isAcknowledged()) {
      throw new IllegalArgumentException(
          "MONGO_URI sets w=0, with which writes are not acknowledged; remove it (the default is"
              + " w=majority)");
    }
  }

  /** Returns the settings of {@code uri} with the contract's limits and 32 connections. */
  public static MongoSettings of(String uri) {
    return new MongoSettings(uri, 32, Duration.ofSeconds(2), Duration.ofMillis(500));
  }

  /** Returns these settings with {@code poolSize} connections. */
  public MongoSettings withPoolSize(int poolSize) {
    return new MongoSettings(uri, poolSize, operationTimeout, busyTimeout);
  }

  /** Returns these settings with another time limit for one operation. */
  public MongoSettings withOperationTimeout(Duration operationTimeout) {
    return new MongoSettings(uri, poolSize, operationTimeout, busyTimeout);
  }

  ConnectionString connectionString() {
    return parse(uri);
  }

  String database() {
    String named = connectionString().getDatabase();
    return named == null ? DEFAULT_DATABASE : named;
  }

  /** Hosts and database, for messages. */
  String target() {
    return String.join(",", connectionString().getHosts()) + "/" + database();
  }

  @Override
  public String toString() {
    return "MongoSettings[" + target() + ", poolSize=" + poolSize + ", operationTimeout="
        + operationTimeout + ", busyTimeout=" + busyTimeout + "]";
  }

  private static ConnectionString parse(String uri) {
    String problem;
    try {
      return new ConnectionString(uri);
    } catch (IllegalArgumentException e) {
      problem = withoutSecrets(uri, e.getMessage());
    } catch (RuntimeException e) {
      // mongodb+srv queries DNS here.
      problem = "its host names could not be resolved (" + e.getClass().getSimpleName() + ")";
    }
    throw new IllegalArgumentException("MONGO_URI cannot be used: " + problem
        + "; expected mongodb://host:27017/database, with user and password percent-encoded");
  }

  /** The driver's message may quote the part of the URI it stumbled over. */
  private static String withoutSecrets(String uri, @Nullable String message) {
    if (message == null) {
      return "it is no connection string";
    }
    return uri.contains("@") ? "it is no connection string" : message;
  }

  private static void requirePositive(String what, Duration value) {
    if (value.toMillis() < 1) {
      throw new IllegalArgumentException(what + " must be > 0 but was " + value);
    }
  }
}
