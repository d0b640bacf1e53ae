package io.github.scalingtoolkit.todo.mongo;

import com.mongodb.MongoException;
import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.IndexOptions;
import com.mongodb.client.model.Indexes;
import com.mongodb.client.model.Projections;
import io.github.scalingtoolkit.core.guard.Guard;
import io.github.scalingtoolkit.core.guard.GuardState;
import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.todo.domain.StoreException;
import io.github.scalingtoolkit.todo.domain.StoreUnavailableException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntSupplier;
import org.bson.Document;
import org.bson.conversions.Bson;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Background work for the database: probes a server that was down, creates the indexes once
 * it can be reached, and removes old records of requests and what is left of deleted todos. One thread steps it.
 *
 * <p>If the server refuses an index, only speed is lost, so that is one warning. So is an index on users that keeps them from
 * being added: those that are there can log in. It is looked at each minute until it is gone.
 */
final class MongoUpkeep {
  private static final Logger log = LoggerFactory.getLogger(MongoUpkeep.class);

  private static final Duration REMOVE_OLD_EVERY = Duration.ofMinutes(10);
  private static final Duration CHECK_UNFIT_EVERY = Duration.ofMinutes(1);
  /** Of each kind at a step: what a busy day or a long outage has left must not hold the server, or fail as a whole. */
  static final int MOST_REMOVED = 500;

  private record Index(
      MongoCollection<Document> collection, String name, Bson keys, IndexOptions options) {}

  private final TodoItems items;
  private final KeyedCreates keyedCreates;
  private final MongoUserStore users;
  private final MongoFailures failures;
  private final Guard guard;
  private final Runnable ping;
  private final Clock clock;
  private final List<Index> missing = new ArrayList<>();
  private volatile boolean usersUnfit;
  private boolean usersChecked;
  private long checkUsersAt;
  private long removeOldAt;

  MongoUpkeep(
      MongoCollection<Document> todos,
      TodoItems items,
      KeyedCreates keyedCreates,
      MongoUserStore users,
      MongoFailures failures,
      Guard guard,
      Runnable ping,
      Clock clock) {
    this.items = items;
    this.keyedCreates = keyedCreates;
    this.users = users;
    this.clock = clock;
    checkUsersAt = clock.nanoTime();
    removeOldAt = clock.nanoTime() + REMOVE_OLD_EVERY.toNanos();
    this.failures = failures;
    this.guard = guard;
    this.ping = ping;
    missing.add(new Index(
        todos,
        "userId_1__id_1",
        Indexes.ascending(TodoDocuments.USER_ID, TodoDocuments.ID),
        new IndexOptions()));
    missing.add(new Index(
        todos,
        "outbox.createdAt_1",
        Indexes.ascending(TodoDocuments.OUTBOX_CREATED_AT),
        new IndexOptions().sparse(true)));
    missing.add(new Index(
        todos,
        "deletedAt_1",
        Indexes.ascending(TodoDocuments.DELETED_AT),
        new IndexOptions().sparse(true)));
    missing.add(new Index(
        keyedCreates.collection(), "at_1", Indexes.ascending(KeyedCreates.AT), new IndexOptions()));
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
    if (!usersChecked
        && guard.state() == GuardState.CLOSED
        && clock.nanoTime() - checkUsersAt >= 0
        && checkUsers()) {
      done++;
    }
    if (guard.state() == GuardState.CLOSED && clock.nanoTime() - removeOldAt >= 0) {
      int most = removeOld();
      removeOldAt = clock.nanoTime() + (most < MOST_REMOVED ? REMOVE_OLD_EVERY.toNanos() : 0);
      done += most > 0 ? 1 : 0;
    }
    return done;
  }

  /** Removes some of each kind, whatever keeps the other; returns how many were due of the kind of which there were most. */
  private int removeOld() {
    return Math.max(unlessRefused(keyedCreates::removeOld), unlessRefused(items::removeDeleted));
  }

  private static int unlessRefused(IntSupplier removal) {
    try {
      return removal.getAsInt();
    } catch (StoreException later) {
      log.debug("event=removal_later error=\"{}\"", later.getMessage());
      return 0;
    }
  }

  /**
   * Removes at most {@link #MOST_REMOVED} documents that {@code which} selects; returns how many it found, of which other
   * processes may have removed some before it.
   */
  static int removeSome(MongoCalls.Budget budget, MongoCollection<Document> from, Bson which) {
    List<Object> ids = new ArrayList<>();
    budget
        .of(from)
        .find(which)
        .projection(Projections.include(TodoDocuments.ID))
        .limit(MOST_REMOVED)
        .batchSize(MOST_REMOVED)
        .forEach(document -> ids.add(document.get(TodoDocuments.ID)));
    if (!ids.isEmpty()) {
      budget.of(from).deleteMany(Filters.and(Filters.in(TodoDocuments.ID, ids), which));
    }
    return ids.size();
  }

  /** Tells whether no user can be added because of an index that is there. */
  boolean isUsersUnfit() {
    return usersUnfit;
  }

  /** Looks again until it is fit; returns whether it is another state than before. */
  private boolean checkUsers() {
    boolean before = usersUnfit;
    try {
      users.requireFitIndex();
      usersUnfit = false;
      usersChecked = true;
      if (before) {
        log.info("users=fit effect=\"users can be added again\"");
      }
      return true;
    } catch (StoreUnavailableException later) {
      log.debug("event=users_check_later reason={}", later.reason());
      // A user of the database without the right to ask stays without it.
      usersChecked = later.reason() == StoreUnavailableException.Reason.CREDENTIALS;
      return usersChecked;
    } catch (StoreException unfit) {
      usersUnfit = true;
      checkUsersAt = clock.nanoTime() + CHECK_UNFIT_EVERY.toNanos();
      if (!before) {
        log.warn(
            "users=unfit effect=\"no user can be added; those that are there can log in\" cause=\"{}\"",
            unfit.getMessage());
      }
      return !before;
    }
  }

  /** Returns false if it must be tried again. */
  private boolean make(Index index) {
    try {
      guard.call(() -> {
        try {
          return index.collection().createIndex(index.keys(), index.options().name(index.name()));
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
          "event=index_refused index={} effect=\"slower lists, sweeps or removals\" error=\"{}\"",
          index.name(),
          e.getMessage());
      return true;
    }
  }
}
