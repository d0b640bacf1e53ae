package io.github.scalingtoolkit.todo.mongo;

import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.FindOneAndDeleteOptions;
import com.mongodb.client.model.FindOneAndUpdateOptions;
import com.mongodb.client.model.Projections;
import com.mongodb.client.model.ReturnDocument;
import com.mongodb.client.model.Updates;
import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.todo.domain.Changed;
import io.github.scalingtoolkit.todo.domain.JobId;
import io.github.scalingtoolkit.todo.domain.Todo;
import io.github.scalingtoolkit.todo.domain.TodoChange;
import io.github.scalingtoolkit.todo.domain.TodoId;
import io.github.scalingtoolkit.todo.domain.TodoStore;
import io.github.scalingtoolkit.todo.domain.UserId;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
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
 * <p>A todo that owes its notification is marked as deleted; the removal of its outbox entry removes the document.
 */
final class TodoItems {
  /** Each time somebody else has changed the document in between. */
  private static final int MOST_TRIES = 20;

  /** What is not a todo when it is read must not be changed or deleted as one. */
  private static final Bson SHOWN =
      Filters.and(TodoDocuments.SHOWN, Filters.type(TodoDocuments.TITLE, BsonType.STRING));

  private static final Bson WITHOUT_OUTBOX = Projections.exclude(TodoDocuments.OUTBOX);
  private static final Bson OWES = Filters.exists(TodoDocuments.OUTBOX);
  private static final Bson OWES_NOTHING = Filters.exists(TodoDocuments.OUTBOX, false);

  private final MongoCollection<Document> todos;
  private final MongoCalls calls;
  private final Clock clock;

  TodoItems(MongoCollection<Document> todos, MongoCalls calls, Clock clock) {
    this.todos = todos;
    this.calls = calls;
    this.clock = clock;
  }

  Optional<Todo> find(UserId owner, TodoId id) {
    return Optional.ofNullable(calls.call(
            () -> todos.find(shown(owner, id)).projection(WITHOUT_OUTBOX).first()))
        .map(TodoDocuments::read);
  }

  Changed change(UserId owner, TodoId id, TodoChange change, Predicate<Todo> allowed) {
    Instant now = clock.now().truncatedTo(ChronoUnit.MILLIS);
    FindOneAndUpdateOptions after = new FindOneAndUpdateOptions()
        .returnDocument(ReturnDocument.AFTER)
        .projection(WITHOUT_OUTBOX);
    return calls.call(() -> conditionally(
        owner,
        id,
        allowed,
        state -> todos.findOneAndUpdate(
            Filters.and(shown(owner, id), state), update(change, now), after)));
  }

  Changed delete(UserId owner, TodoId id, Predicate<Todo> allowed) {
    FindOneAndDeleteOptions deleted = new FindOneAndDeleteOptions().projection(WITHOUT_OUTBOX);
    FindOneAndUpdateOptions before = new FindOneAndUpdateOptions()
        .returnDocument(ReturnDocument.BEFORE)
        .projection(WITHOUT_OUTBOX);
    Bson mark = Updates.set(TodoDocuments.DELETED_AT, Date.from(clock.now()));
    return calls.call(() -> conditionally(owner, id, allowed, state -> {
      Bson filter = Filters.and(shown(owner, id), state);
      Document gone = todos.findOneAndDelete(Filters.and(filter, OWES_NOTHING), deleted);
      if (gone == null) {
        gone = todos.findOneAndUpdate(Filters.and(filter, OWES), mark, before);
      }
      // Its entry may have been removed between the two.
      return gone != null
          ? gone
          : todos.findOneAndDelete(Filters.and(filter, OWES_NOTHING), deleted);
    }));
  }

  int deleteCompleted(UserId owner) {
    Bson done =
        Filters.and(TodoDocuments.ownedBy(owner), Filters.eq(TodoDocuments.COMPLETED, true), SHOWN);
    Bson mark = Updates.set(TodoDocuments.DELETED_AT, Date.from(clock.now()));
    return calls.call(() -> {
      // In this order: what owed something in the first write and nothing any more in the second
      // is not deleted twice, and what owes nothing never will.
      long marked = todos.updateMany(Filters.and(done, OWES), mark).getModifiedCount();
      return Math.toIntExact(
          marked + todos.deleteMany(Filters.and(done, OWES_NOTHING)).getDeletedCount());
    });
  }

  /** Removes the deleted todos that owe nothing but these jobs; returns how many. */
  int removeDeleted(MongoCalls.Budget budget, Collection<JobId> jobs) {
    return Math.toIntExact(budget
        .of(todos)
        .deleteMany(Filters.and(
            Filters.in(
                TodoDocuments.ID,
                jobs.stream().map(job -> TodoDocuments.objectId(job.todoId())).toList()),
            Filters.exists(TodoDocuments.DELETED_AT),
            Filters.in(
                TodoDocuments.OUTBOX_JOB_ID, jobs.stream().map(JobId::text).toList()),
            Filters.size(TodoDocuments.OUTBOX, 1)))
        .getDeletedCount());
  }

  private Changed conditionally(
      UserId owner, TodoId id, Predicate<Todo> allowed, Function<Bson, @Nullable Document> write) {
    if (allowed == TodoStore.ALWAYS) {
      return done(write.apply(Filters.empty()));
    }
    for (int i = 0; i < MOST_TRIES; i++) {
      Document found = todos.find(shown(owner, id)).projection(WITHOUT_OUTBOX).first();
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
