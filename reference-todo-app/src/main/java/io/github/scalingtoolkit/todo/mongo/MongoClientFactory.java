package io.github.scalingtoolkit.todo.mongo;

import com.mongodb.ConnectionString;
import com.mongodb.MongoClientSettings;
import com.mongodb.WriteConcern;
import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoClients;
import java.util.concurrent.TimeUnit;

/**
 * Makes clients whose operations never wait long.
 *
 * <p>One time limit spans an operation: finding a server, getting or opening a connection, authenticating, waiting for
 * the answer, and the driver's own retries. Separate limits for each of these would add up to several times 3 s. The driver
 * calls this limit experimental; its version is pinned, and tests check the bound. It does not bound a write to a socket,
 * which cannot block here: a connection carries one small request at a time.
 */
final class MongoClientFactory {
  private static final int SERVER_SELECTION_MILLIS = 2000;
  private static final int CONNECT_MILLIS = 1000;
  private static final int HEARTBEAT_MILLIS = 2000;
  private static final int MIN_HEARTBEAT_MILLIS = 100;
  private static final int IDLE_MINUTES = 10;

  private MongoClientFactory() {}

  static MongoClient open(MongoSettings settings, PoolGauges gauges, LastFailure failures) {
    ConnectionString uri = settings.connectionString();
    WriteConcern concern = uri.getWriteConcern();
    return MongoClients.create(MongoClientSettings.builder()
        .applyConnectionString(uri)
        .applicationName("scaling-toolkit-todo")
        .writeConcern(concern == null ? WriteConcern.MAJORITY.withJournal(true) : concern)
        // Where the server has no sessions the driver does not retry writes; it may always retry
        // reads.
        .retryReads(true)
        .retryWrites(true)
        .timeout(settings.operationTimeout().toMillis(), TimeUnit.MILLISECONDS)
        .applyToClusterSettings(cluster -> cluster
            .serverSelectionTimeout(SERVER_SELECTION_MILLIS, TimeUnit.MILLISECONDS)
            .addClusterListener(failures))
        .applyToSocketSettings(
            socket -> socket.connectTimeout(CONNECT_MILLIS, TimeUnit.MILLISECONDS))
        .applyToServerSettings(server -> server
            .heartbeatFrequency(HEARTBEAT_MILLIS, TimeUnit.MILLISECONDS)
            .minHeartbeatFrequency(MIN_HEARTBEAT_MILLIS, TimeUnit.MILLISECONDS))
        .applyToConnectionPoolSettings(pool -> pool
            // One for the background's ping, which must not queue behind the requests.
            .maxSize(settings.poolSize() + 1)
            .minSize(0)
            .maxConnectionIdleTime(IDLE_MINUTES, TimeUnit.MINUTES)
            .addConnectionPoolListener(gauges))
        .build());
  }
}
