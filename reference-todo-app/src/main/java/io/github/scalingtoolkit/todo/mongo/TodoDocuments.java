package io.github.scalingtoolkit.todo.mongo;

import com.mongodb.MongoWriteException;
import com.mongodb.ReadPreference;
import com.mongodb.client.FindIterable;
import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.Projections;
import io.github.scalingtoolkit.todo.domain.JobId;
import io.github.scalingtoolkit.todo.domain.OutboxEntry;
import io.github.scalingtoolkit.todo.domain.Todo;
import io.github.scalingtoolkit.todo.domain.TodoId;
import io.github.scalingtoolkit.todo.domain.TodoJob;
import io.github.scalingtoolkit.todo.domain.UserId;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import org.bson.Document;
import org.bson.conversions.Bson;
import org.bson.types.ObjectId;
import org.jspecify.annotations.Nullable;

/**
 * Turns todos into documents and back.
 *
 * <pre>
 * { _id: ObjectId, title, completed, order: Number, userId, createdAt: Date, updatedAt: Date, __v: 0,
 *   outbox: [ { jobId, createdAt: Date } ] }      // no outbox once nothing is owed
 *
 * { _id: ObjectId, deletedBy: userId, deletedAt: Date, outbox: as above }
 * </pre>
 *
 * <p>The second form is what is left of a deleted todo: whose notification it owes or owed, and that its id is taken. It has no
 * {@code userId} and nothing that only another service knows of, so that no list finds it, and is removed {@link io.github.scalingtoolkit.todo.domain.TodoStore#JOB_LIFE}
 * after it was deleted or, if that is later, after its notification's end.
 *
 * <p>Documents written by Express and Mongoose are read unchanged: a missing {@code completed} is false, a missing {@code createdAt}
 * is the time in the id, a missing {@code updatedAt} is {@code createdAt}, a {@code userId} may be an ObjectId. A
 * document without a title or an owner, or whose {@code _id} is not an ObjectId, is not a todo.
 */
final class TodoDocuments {
  static final String ID = "_id";
  static final String USER_ID = "userId";
  static final String OUTBOX = "outbox";
  static final String JOB_ID = "jobId";
  static final String CREATED_AT = "createdAt";
  static final String OUTBOX_JOB_ID = OUTBOX + "." + JOB_ID;
  static final String OUTBOX_CREATED_AT = OUTBOX + "." + CREATED_AT;
  static final String TITLE = "title";
  static final String COMPLETED = "completed";
  static final String ORDER = "order";
  static final String UPDATED_AT = "updatedAt";
  /** When its user deleted it, or its notification has ended since. */
  static final String DELETED_AT = "deletedAt";
  /** The user id of a deleted todo. */
  static final String DELETED_BY = "deletedBy";

  /** What has not been deleted: the field is missing. */
  static final Bson SHOWN = Filters.eq(DELETED_AT, null);

  private TodoDocuments() {}

  static Document write(Todo todo) {
    Date createdAt = Date.from(todo.createdAt());
    Document document = new Document(ID, objectId(todo.id()))
        .append(TITLE, todo.title())
        .append(COMPLETED, todo.completed());
    if (todo.order() != null) {
      document.append(ORDER, todo.order());
    }
    return document
        .append(USER_ID, todo.userId().value())
        .append(CREATED_AT, createdAt)
        .append(UPDATED_AT, Date.from(todo.updatedAt()))
        .append("__v", 0)
        .append(
            OUTBOX,
            List.of(
                new Document(JOB_ID, JobId.of(todo.id()).text()).append(CREATED_AT, createdAt)));
  }

  /**
   * Inserts a new todo's document; returns false if it was there already and has been deleted since.
   *
   * @param again whether an earlier try may have inserted it
   */
  static boolean insert(
      MongoCalls.Budget budget, MongoCollection<Document> todos, Document document, boolean again) {
    try {
      budget.of(todos).insertOne(document);
      return true;
    } catch (MongoWriteException refused) {
      if (!again || !MongoFailures.isDuplicate(refused)) {
        throw refused;
      }
      Document there = there(budget, todos, List.of(document)).first();
      if (there == null) {
        // An index of another service has refused it, at both tries.
        throw refused;
      }
      return !there.containsKey(DELETED_AT);
    }
  }

  /** Finds those of {@code documents} whose ids are taken: their ids, and the time of the deletion of those that were deleted. */
  static FindIterable<Document> there(
      MongoCalls.Budget budget, MongoCollection<Document> todos, List<Document> documents) {
    return budget
        .of(todos)
        // A member that lags behind the one that refused them does not know.
        .withReadPreference(ReadPreference.primary())
        .find(
            Filters.in(ID, documents.stream().map(document -> document.get(ID)).toList()))
        .projection(Projections.include(DELETED_AT))
        .batchSize(documents.size() + 1);
  }

  /** Selects by owner. Mongoose schemas may have declared {@code userId} an ObjectId. */
  static Bson ownedBy(UserId owner) {
    return ObjectId.isValid(owner.value())
        ? Filters.in(USER_ID, owner.value(), new ObjectId(owner.value()))
        : Filters.eq(USER_ID, owner.value());
  }

  /** Returns the todo of a document; null if it is not a todo. */
  static @Nullable Todo read(Document document) {
    UserId owner = owner(document);
    if (!(document.get(ID) instanceof ObjectId id)
        || !(document.get(TITLE) instanceof String title)
        || owner == null) {
      return null;
    }
    Instant createdAt = time(document, CREATED_AT, id.getDate().toInstant());
    return new Todo(
        new TodoId(id.toHexString()),
        title,
        Boolean.TRUE.equals(document.get(COMPLETED)),
        document.get(ORDER) instanceof Number order && Double.isFinite(order.doubleValue())
            ? Double.valueOf(order.doubleValue())
            : null,
        owner,
        createdAt,
        time(document, UPDATED_AT, createdAt));
  }

  /** Returns the document's entry, of a deleted todo as well; empty if it owes nothing. */
  static Optional<OutboxEntry> readOutbox(Document document) {
    UserId owner = everOwner(document);
    if (!(document.get(ID) instanceof ObjectId id)
        || !(document.get(OUTBOX) instanceof List<?> entries)
        || owner == null) {
      return Optional.empty();
    }
    JobId job = JobId.of(new TodoId(id.toHexString()));
    return entries.stream()
        .filter(Document.class::isInstance)
        .map(Document.class::cast)
        .filter(entry -> job.text().equals(entry.get(JOB_ID)))
        .findFirst()
        .map(entry ->
            new OutboxEntry(job, owner, time(entry, CREATED_AT, id.getDate().toInstant())));
  }

  /** Returns the owner of the document's notification, and whether it is owed; empty if it is not a todo. */
  static Optional<TodoJob> readJob(Document document) {
    return Optional.ofNullable(everOwner(document))
        .map(owner -> new TodoJob(owner, readOutbox(document).isPresent()));
  }

  /** Returns whose todo it is, or was before it was deleted. */
  private static @Nullable UserId everOwner(Document document) {
    UserId owner = owner(document);
    return owner == null ? userId(document.get(DELETED_BY)) : owner;
  }

  static @Nullable UserId owner(Document document) {
    return userId(document.get(USER_ID));
  }

  /** Returns a user's id as Mongoose or this service wrote it; null if it is not one. */
  static @Nullable UserId userId(@Nullable Object value) {
    if (value instanceof ObjectId id) {
      return new UserId(id.toHexString());
    }
    return value instanceof String text && !text.isBlank() ? new UserId(text) : null;
  }

  static ObjectId objectId(TodoId id) {
    return new ObjectId(id.hex());
  }

  private static Instant time(Document document, String field, Instant otherwise) {
    return document.get(field) instanceof Date date ? date.toInstant() : otherwise;
  }
}
