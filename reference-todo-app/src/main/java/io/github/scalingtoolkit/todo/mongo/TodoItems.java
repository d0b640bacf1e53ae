package io.github.scalingtoolkit.todo.mongo;

import com.mongodb.MongoException;
import com.mongodb.client.MongoCollection;
import com.mongodb.client.MongoCursor;
import com.mongodb.client.model.BulkWriteOptions;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.FindOneAndUpdateOptions;
import com.mongodb.client.model.Projections;
import com.mongodb.client.model.ReturnDocument;
import com.mongodb.client.model.UpdateOneModel;
import com.mongodb.client.model.Updates;
import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.todo.domain.Changed;
import io.github.scalingtoolkit.todo.domain.Todo;
import io.github.scalingtoolkit.todo.domain.TodoChange;
import io.github.scalingtoolkit.todo.domain.TodoId;
import io.github.scalingtoolkit.todo.domain.TodoStore;
import io.github.scalingtoolkit.todo.domain.UserId;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.bson.BsonType;
import org.bson.Document;
import org.bson.conversions.Bson;
import org.jspecify.annotations.Nullable;

/**
 * Reads, changes and deletes single todos.
 *
 * <p>A change with a condition reads the document, asks, and writes only if the fields that clients see are still as they
 * were read; else it begins again. So the condition holds for exactly the state that is changed, even while others write.
 *
 * <p>A deletion turns the document into what is left of a deleted todo ({@link TodoDocuments}), in one write; fields that
 * only another service knows take a second one, which may fail: they go with what is left, then. Of many todos that are
 * deleted at once these fields are looked for as long as half of the operation's time is left.
 */
final class TodoItems {
  /** Each time somebody else has changed the document in between. */
  private static final int MOST_TRIES = 20;
  /** They may be large. */
  private static final int FOREIGN_AT_A_TIME = 100;

  /** What is not a todo when it is read must not be changed or deleted as one. */
  private static final Bson SHOWN =
      Filters.and(TodoDocuments.SHOWN, Filters.type(TodoDocuments.TITLE, BsonType.STRING));

  private static final Bson WITHOUT_OUTBOX = Projections.exclude(TodoDocuments.OUTBOX);
  private static final BulkWriteOptions IN_ANY_ORDER = new BulkWriteOptions().ordered(false);
  private static final Bson OWES_NOTHING = Filters.exists(TodoDocuments.OUTBOX, false);

  private static final List<String> OF_A_TODO = List.of(
      TodoDocuments.USER_ID,
      TodoDocuments.TITLE,
      TodoDocuments.COMPLETED,
      TodoDocuments.ORDER,
      TodoDocuments.CREATED_AT,
      TodoDocuments.UPDATED_AT,
      "__v");
  private static final List<String> KNOWN_BUT_ID = Stream.concat(
          OF_A_TODO.stream(),
          Stream.of(TodoDocuments.OUTBOX, TodoDocuments.DELETED_BY, TodoDocuments.DELETED_AT))
      .toList();

  private final MongoCollection<Document> todos;
  private final MongoCalls calls;
  private final Clock clock;

  TodoItems(MongoCollection<Document> todos, MongoCalls calls, Clock clock) {
    this.todos = todos;
    this.calls = calls;
    this.clock = clock;
  }

  Optional<Todo> find(UserId owner, TodoId id) {
    return Optional.ofNullable(calls.call(budget ->
            budget.of(todos).find(shown(owner, id)).projection(WITHOUT_OUTBOX).first()))
        .map(TodoDocuments::read);
  }

  Changed change(UserId owner, TodoId id, TodoChange change, Predicate<Todo> allowed) {
    Instant now = clock.now().truncatedTo(ChronoUnit.MILLIS);
    FindOneAndUpdateOptions after = new FindOneAndUpdateOptions()
        .returnDocument(ReturnDocument.AFTER)
        .projection(WITHOUT_OUTBOX);
    return calls.call(budget -> conditionally(
        budget,
        owner,
        id,
        allowed,
        state -> budget
            .of(todos)
            .findOneAndUpdate(Filters.and(shown(owner, id), state), update(change, now), after)));
  }

  Changed delete(UserId owner, TodoId id, Predicate<Todo> allowed) {
    FindOneAndUpdateOptions before = new FindOneAndUpdateOptions()
        .returnDocument(ReturnDocument.BEFORE)
        .projection(WITHOUT_OUTBOX);
    Date now = Date.from(clock.now());
    return calls.call(budget -> conditionally(budget, owner, id, allowed, state -> {
      Document deleted = budget
          .of(todos)
          .findOneAndUpdate(Filters.and(shown(owner, id), state), deletion(owner, now), before);
      if (deleted != null) {
        removeRest(budget, deleted);
      }
      return deleted;
    }));
  }

  /** What only another service knows of a deleted todo goes as well, although its notification is still owed. */
  private void removeRest(MongoCalls.Budget budget, Document deleted) {
    withoutRest(deleted).ifPresent(update -> {
      try {
        budget.of(todos).updateOne(update.getFilter(), Objects.requireNonNull(update.getUpdate()));
      } catch (MongoException notNow) {
        // The todo is deleted: they go with what is left of it.
      }
    });
  }

  private static Optional<UpdateOneModel<Document>> withoutRest(Document deleted) {
    Set<String> rest = rest(deleted);
    return rest.isEmpty()
        ? Optional.empty()
        : Optional.of(new UpdateOneModel<>(
            Filters.and(
                Filters.eq(TodoDocuments.ID, deleted.get(TodoDocuments.ID)),
                Filters.exists(TodoDocuments.DELETED_AT)),
            Updates.combine(rest.stream().map(Updates::unset).toList())));
  }

  /** Returns the fields that this service does not know, as far as an update can name them. */
  private static Set<String> rest(Document document) {
    Set<String> rest = new TreeSet<>(document.keySet());
    rest.remove(TodoDocuments.ID);
    KNOWN_BUT_ID.forEach(rest::remove);
    rest.removeIf(field -> field.isEmpty() || field.startsWith("$") || field.contains("."));
    return rest;
  }

  int deleteCompleted(UserId owner) {
    Date now = Date.from(clock.now());
    Bson done =
        Filters.and(TodoDocuments.ownedBy(owner), Filters.eq(TodoDocuments.COMPLETED, true), SHOWN);
    return calls.call(budget -> {
      long deleted = budget.of(todos).updateMany(done, deletion(owner, now)).getModifiedCount();
      if (deleted > 0) {
        removeRestOfAll(budget, owner, now);
      }
      return Math.toIntExact(deleted);
    });
  }

  private void removeRestOfAll(MongoCalls.Budget budget, UserId owner, Date deletedAt) {
    long enough = budget.leftMillis() / 2;
    List<UpdateOneModel<Document>> updates = new ArrayList<>();
    try (MongoCursor<Document> deleted = budget
        .of(todos)
        .find(Filters.and(
            Filters.eq(TodoDocuments.DELETED_AT, deletedAt),
            Filters.eq(TodoDocuments.DELETED_BY, owner.value())))
        .projection(Projections.exclude(KNOWN_BUT_ID))
        .batchSize(FOREIGN_AT_A_TIME)
        .iterator()) {
      while (deleted.hasNext() && budget.leftMillis() > enough) {
        withoutRest(deleted.next()).ifPresent(updates::add);
        if (updates.size() == FOREIGN_AT_A_TIME) {
          budget.of(todos).bulkWrite(updates, IN_ANY_ORDER);
          updates.clear();
        }
      }
      if (!updates.isEmpty()) {
        budget.of(todos).bulkWrite(updates, IN_ANY_ORDER);
      }
    } catch (MongoException notNow) {
      // The todos are deleted: it goes with what is left of them.
    }
  }

  private static Bson deletion(UserId owner, Date now) {
    List<Bson> updates = new ArrayList<>();
    updates.add(Updates.set(TodoDocuments.DELETED_BY, owner.value()));
    updates.add(Updates.set(TodoDocuments.DELETED_AT, now));
    OF_A_TODO.forEach(field -> updates.add(Updates.unset(field)));
    return Updates.combine(updates);
  }

  /** Removes what is left of some of the todos that were deleted long ago and owe nothing; returns how many were found. */
  int removeDeleted() {
    Date before = Date.from(clock.now().minus(TodoStore.JOB_LIFE));
    Bson old = Filters.and(Filters.lt(TodoDocuments.DELETED_AT, before), OWES_NOTHING);
    return calls.call(budget -> MongoUpkeep.removeSome(budget, todos, old));
  }

  private Changed conditionally(
      MongoCalls.Budget budget,
      UserId owner,
      TodoId id,
      Predicate<Todo> allowed,
      Function<Bson, @Nullable Document> write) {
    if (allowed == TodoStore.ALWAYS) {
      return done(write.apply(Filters.empty()));
    }
    for (int i = 0; i < MOST_TRIES; i++) {
      Document found =
          budget.of(todos).find(shown(owner, id)).projection(WITHOUT_OUTBOX).first();
      Todo todo = found == null ? null : TodoDocuments.read(found);
      if (found == null || todo == null) {
        return new Changed.Missing();
      }
      if (!allowed.test(todo)) {
        return new Changed.NotAllowed();
      }
      Document written = write.apply(unchanged(found));
      if (written != null) {
        return done(written);
      }
    }
    return new Changed.NotAllowed();
  }

  private static Changed done(@Nullable Document document) {
    Todo todo = document == null ? null : TodoDocuments.read(document);
    return todo == null ? new Changed.Missing() : new Changed.Done(todo);
  }

  private static Bson shown(UserId owner, TodoId id) {
    return Filters.and(
        Filters.eq(TodoDocuments.ID, TodoDocuments.objectId(id)),
        TodoDocuments.ownedBy(owner),
        SHOWN);
  }

  /** Selects a document whose fields that clients see are still those of {@code found}. */
  private static Bson unchanged(Document found) {
    List<Bson> same = new ArrayList<>();
    for (String field : List.of(
        TodoDocuments.TITLE,
        TodoDocuments.COMPLETED,
        TodoDocuments.ORDER,
        TodoDocuments.CREATED_AT,
        TodoDocuments.UPDATED_AT)) {
      same.add(Filters.eq(field, found.get(field)));
    }
    return Filters.and(same);
  }

  private static Bson update(TodoChange change, Instant now) {
    List<Bson> updates = new ArrayList<>();
    updates.add(Updates.set(TodoDocuments.UPDATED_AT, Date.from(now)));
    if (change.title() != null) {
      updates.add(Updates.set(TodoDocuments.TITLE, change.title().text()));
    }
    if (change.completed() != null) {
      updates.add(Updates.set(TodoDocuments.COMPLETED, change.completed()));
    }
    if (change.order() != null) {
      updates.add(Updates.set(TodoDocuments.ORDER, change.order()));
    } else if (change.withoutOrder()) {
      updates.add(Updates.unset(TodoDocuments.ORDER));
    }
    return Updates.combine(updates);
  }
}
