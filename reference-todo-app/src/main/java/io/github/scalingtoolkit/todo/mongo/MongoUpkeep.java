package io.github.scalingtoolkit.todo.mongo;

import com.mongodb.MongoException;
import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.IndexOptions;
import com.mongodb.client.model.Indexes;
import io.github.scalingtoolkit.core.guard.Guard;
import io.github.scalingtoolkit.core.guard.GuardState;
import io.github.scalingtoolkit.todo.domain.StoreException;
import io.github.scalingtoolkit.todo.domain.StoreUnavailableException;
import java.util.ArrayList;
import java.util.List;
import org.bson.Document;
import org.bson.conversions.Bson;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Background work for the database: probes a server that was down, and creates the indexes once
 * it can be reached. One thread steps it.
 *
 * <p>If the server refuses an index, only speed is lost, so that is one warning.
 */
final class MongoUpkeep {
  private static final Logger log = LoggerFactory.getLogger(MongoUpkeep.class);

  private record Index(String name, Bson keys, IndexOptions options) {}

  private final MongoCollection<Document> todos;
  private final MongoFailures failures;
  private final Guard guard;
  private final Runnable ping;
  private final List<Index> missing = new ArrayList<>();

  MongoUpkeep(MongoCollection<Document> todos, MongoFailures failures, Guard guard, Runnable ping) {
    this.todos = todos;
    this.failures = failures;
    this.guard = guard;
    this.ping = ping;
    missing.add(new Index(
        "userId_1__id_1",
        Indexes.ascending(TodoDocuments.USER_ID, TodoDocuments.ID),
        new IndexOptions()));
    missing.add(new Index(
        "outbox.createdAt_1",
        Indexes.ascending(TodoDocuments.OUTBOX_CREATED_AT),
        new IndexOptions().sparse(true)));
  }

  /** Does the work that is due; returns how many items that were. */
  int doWork() {
    int done = 0;
    if (guard.state() != GuardState.CLOSED && guard.probe(ping)) {
      done++;
    }
    while (!missing.isEmpty() && guard.state() == GuardState.CLOSED && make(missing.get(0))) {
      missing.remove(0);
      done++;
    }
    return done;
  }

  /** Returns false if it must be tried again. */
  private boolean make(Index index) {
    try {
      guard.call(() -> {
        try {
          return todos.createIndex(index.keys(), index.options().name(index.name()));
        } catch (MongoException e) {
          throw failures.translate(e);
        }
      });
      log.info("event=index_ready index={}", index.name());
      return true;
    } catch (StoreUnavailableException e) {
      log.debug("event=index_later index={} reason={}", index.name(), e.reason());
      return false;
    } catch (StoreException e) {
      log.warn(
          "event=index_refused index={} effect=\"slower lists or sweeps\" error=\"{}\"",
          index.name(),
          e.getMessage());
      return true;
    }
  }
}
