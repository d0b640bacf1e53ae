package io.github.scalingtoolkit.todo.embedded;

import de.bwaldvogel.mongo.MongoServer;
import io.github.scalingtoolkit.todo.stores.StoresException;
import io.github.scalingtoolkit.todo.stores.StoresException.Reason;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.h2.mvstore.MVStore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A store on the MongoDB wire, in this process, that keeps every write it has acknowledged through kill -9.
 *
 * <p>Acknowledged writes have been passed to the operating system; they are forced to the disk four times a second, so losing power
 * can lose the writes since then. Any process of this machine can connect: there is no password.
 */
final class EmbeddedMongo implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(EmbeddedMongo.class);

  static final String DATABASE = "todoapp";

  /** Threads that can wait for one commit together; connections are spread over them. */
  private static final int CONNECTION_THREADS = 32;

  private static final long HOUSEKEEPING_MILLIS = 250;

  private final MVStore store;
  private final FileKeeper keeper;
  private final GroupCommit commits;
  private final MongoServer server;
  private final ScheduledExecutorService housekeeping;
  private final int port;

  private EmbeddedMongo(MVStore store, Path file) {
    this.store = store;
    keeper = new FileKeeper(store, file);
    commits = new GroupCommit(keeper::commit);
    CommittingBackend backend = new CommittingBackend(store, commits);
    commits.write(() -> backend.resolveDatabase(DATABASE));
    server = new MongoServer(backend);
    server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1, CONNECTION_THREADS);
    port = server.getLocalAddress().getPort();
    housekeeping = Executors.newSingleThreadScheduledExecutor(task -> {
      Thread thread = new Thread(task, "embedded-mongo-housekeeping");
      thread.setDaemon(true);
      return thread;
    });
    housekeeping.scheduleWithFixedDelay(
        this::keepHouse, HOUSEKEEPING_MILLIS, HOUSEKEEPING_MILLIS, TimeUnit.MILLISECONDS);
  }

  /**
   * Starts on {@code file}, and creates it if it is missing.
   *
   * @throws StoresException if the file is damaged, locked or not readable
   */
  static EmbeddedMongo start(Path file) {
    LibraryLogs.silence();
    MVStore store = MongoFile.open(file);
    try {
      return new EmbeddedMongo(store, file);
    } catch (RuntimeException e) {
      store.closeImmediately();
      throw e instanceof StoresException known
          ? known
          : new StoresException(
              Reason.FAILED, "the store on " + file + " cannot be started: " + e.getMessage(), e);
    }
  }

  /** Returns {@code mongodb://127.0.0.1:port/todoapp}. */
  String uri() {
    return "mongodb://127.0.0.1:" + port + "/" + DATABASE;
  }

  /** Ends connections, then commits and closes the file. Does nothing the second time. */
  @Override
  public void close() {
    if (store.isClosed()) {
      return;
    }
    endHousekeeping();
    keepHouse();
    keeper.unpin();
    server.shutdownNow();
  }

  /** Waits instead of interrupting: an interrupt in the middle of I/O closes the file. */
  private void endHousekeeping() {
    housekeeping.shutdown();
    try {
      if (!housekeeping.awaitTermination(10, TimeUnit.SECONDS)) {
        log.warn("event=embedded_mongo_housekeeping_slow");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void keepHouse() {
    try {
      keeper.force(commits);
    } catch (RuntimeException e) {
      log.warn("event=embedded_mongo_not_forced error=\"{}\"", e.getMessage());
    }
  }
}
