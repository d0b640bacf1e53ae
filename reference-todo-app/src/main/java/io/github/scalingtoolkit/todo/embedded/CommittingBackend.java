package io.github.scalingtoolkit.todo.embedded;

import de.bwaldvogel.mongo.MongoDatabase;
import de.bwaldvogel.mongo.backend.QueryResult;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import de.bwaldvogel.mongo.bson.Document;
import de.bwaldvogel.mongo.exception.MongoServerError;
import de.bwaldvogel.mongo.exception.MongoServerException;
import de.bwaldvogel.mongo.wire.message.MongoQuery;
import io.netty.channel.Channel;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Supplier;
import org.h2.mvstore.MVStore;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The MongoDB commands on an MVStore, each answered only when it is on disk.
 *
 * <p>A command that is not known to be a read runs as a write. Replies are copied while the lock is held: the library
 * changes stored documents in place, and encodes replies after it has returned from here.
 */
final class CommittingBackend extends H2Backend {
  private static final Logger log = LoggerFactory.getLogger(CommittingBackend.class);

  /** Commands that change no document, in lower case; {@code aggregate} is decided by its stages. */
  private static final Set<String> READS = Set.of(
      "find",
      "getmore",
      "killcursors",
      "count",
      "distinct",
      "listindexes",
      "listcollections",
      "dbstats",
      "collstats",
      "validate");

  /** Commands that touch no document at all. */
  private static final Set<String> NO_DATA = Set.of(
      "ping",
      "hello",
      "ismaster",
      "buildinfo",
      "whatsmyuri",
      "serverstatus",
      "connectionstatus",
      "hostinfo",
      "getlog",
      "getcmdlineopts",
      "getfreemonitoringstatus",
      "endsessions");

  private static final int INTERNAL_ERROR = 1;

  /** Drivers treat this code as a server that is shutting down: the service answers 503 and not 500. */
  private static final int SHUTDOWN_IN_PROGRESS = 91;

  private final GroupCommit commits;

  CommittingBackend(MVStore store, GroupCommit commits) {
    super(store);
    this.commits = commits;
  }

  @Override
  protected MongoDatabase openOrCreateDatabase(String name) {
    return DocumentDatabase.open(name, getMvStore(), getCursorRegistry());
  }

  @Override
  public Document handleCommand(
      Channel channel, String databaseName, String command, Document query) {
    Supplier<Document> run = () ->
        answer(() -> super.handleCommand(channel, databaseName, command, query).cloneDeeply());
    return answer(() -> inOrder(databaseName, command.toLowerCase(Locale.ROOT), query, run));
  }

  /** The query of drivers older than the wire version this store speaks; kept for its housekeeping collections. */
  @Override
  public QueryResult handleQuery(MongoQuery query) {
    return commits.write(() -> super.handleQuery(query));
  }

  private Document inOrder(
      String databaseName, String command, Document query, Supplier<Document> run) {
    if (command.equals("ping")) {
      // A health check must not succeed when all other commands fail.
      commits.requireIntact();
    }
    if (NO_DATA.contains(command)) {
      return run.get();
    }
    return isRead(databaseName, command, query) ? commits.read(run) : commits.write(run);
  }

  private boolean isRead(String databaseName, String command, Document query) {
    if (!listDatabaseNames().contains(databaseName)) {
      // The library makes the database's maps on first sight.
      return false;
    }
    return READS.contains(command) || (command.equals("aggregate") && !writesItsResult(query));
  }

  private static boolean writesItsResult(Document aggregate) {
    return !(aggregate.get("pipeline") instanceof List<?> stages)
        || stages.stream()
            .anyMatch(stage -> !(stage instanceof Document document)
                || document.containsKey("$out")
                || document.containsKey("$merge"));
  }

  /** Turns an exception of a command into a reply, so that the library logs neither documents nor stack traces. */
  private static Document answer(Supplier<Document> command) {
    try {
      return command.get();
    } catch (MongoServerError e) {
      return error(e.getMessageWithoutErrorCode(), e.getCode(), e.getCodeName());
    } catch (MongoServerException e) {
      return error(e.getMessageWithoutErrorCode(), INTERNAL_ERROR, null);
    } catch (CommitFailedException e) {
      return error(String.valueOf(e.getMessage()), SHUTDOWN_IN_PROGRESS, "ShutdownInProgress");
    } catch (RuntimeException e) {
      // Its message may quote a document.
      String name = e.getClass().getSimpleName();
      log.error("event=embedded_mongo_command_failed error={}", name);
      return error("the embedded store failed: " + name, INTERNAL_ERROR, "InternalError");
    }
  }

  private static Document error(String message, int code, @Nullable String codeName) {
    Document reply = new Document("ok", 0).append("errmsg", message).append("code", code);
    reply.putIfNotNull("codeName", codeName);
    return reply;
  }
}
