package io.github.scalingtoolkit.todo.mongo;

import com.mongodb.MongoException;
import com.mongodb.MongoWriteException;
import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.Updates;
import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.todo.domain.KeyedCreate;
import io.github.scalingtoolkit.todo.domain.Todo;
import io.github.scalingtoolkit.todo.domain.TodoStore;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.Objects;
import org.bson.Document;
import org.bson.conversions.Bson;
import org.jspecify.annotations.Nullable;

/**
 * Creates of which a client may send several and means one.
 *
 * <pre>
 * { _id: hash of user and key, fingerprint: hash of what was asked for, done: Boolean, at: Date,
 *   todo: the todo's document as it will be made }
 * </pre>
 *
 * <p>Three writes: this record, with the todo's id in it; the todo; {@code done}. A process that ends after the first or
 * the second leaves a record that is not done. The next request with the key, once the first cannot be under way any more,
 * makes the same todo under the same id, which is then there once.
 *
 * <p>Records are older than their key's life for a while before they are removed; such a record counts as none.
 */
final class KeyedCreates {
  private static final String ID = "_id";
  private static final String FINGERPRINT = "fingerprint";
  private static final String DONE = "done";
  static final String AT = "at";
  private static final String TODO = "todo";
  /** Each time a record was removed, or replaced, between two looks. */
  private static final int MOST_TRIES = 5;

  private final MongoCollection<Document> requests;
  private final MongoCollection<Document> todos;
  private final MongoCalls calls;
  private final Clock clock;

  KeyedCreates(
      MongoCollection<Document> requests,
      MongoCollection<Document> todos,
      MongoCalls calls,
      Clock clock) {
    this.requests = requests;
    this.todos = todos;
    this.calls = calls;
    this.clock = clock;
  }

  MongoCollection<Document> collection() {
    return requests;
  }

  /** Makes {@code todo}, or finds what became of the request that has its key. */
  KeyedCreate create(String key, Todo todo) {
    Document record = new Document(ID, hash(todo.userId().value() + "\0" + key))
        .append(FINGERPRINT, hash(todo.title() + "\0" + todo.completed() + "\0" + todo.order()))
        .append(DONE, false)
        .append(AT, Date.from(todo.createdAt()))
        .append(TODO, TodoDocuments.write(todo));
    return calls.twice((budget, again) -> create(budget, record, again));
  }

  private KeyedCreate create(MongoCalls.Budget budget, Document record, boolean again) {
    Document claimed = claim(budget, record);
    if (!Objects.equals(claimed.get(FINGERPRINT), record.get(FINGERPRINT))) {
      return new KeyedCreate.OtherRequest();
    }
    Document document = claimed.get(TODO, Document.class);
    Todo todo = TodoDocuments.read(document);
    if (todo == null) {
      throw new IllegalStateException("the record of a request has no todo");
    }
    boolean own =
        Objects.equals(document.get(ID), record.get(TODO, Document.class).get(ID));
    if (claimed.getBoolean(DONE, false) && !own) {
      return new KeyedCreate.Repeated(todo);
    }
    if (!own && age(claimed).compareTo(TodoStore.LONGEST_CREATE) < 0) {
      return new KeyedCreate.UnderWay();
    }
    boolean shown = TodoDocuments.insert(budget, todos, document, again || !own);
    done(budget, claimed);
    return shown ? new KeyedCreate.Made(todo) : new KeyedCreate.Repeated(todo);
  }

  /** Returns the record in force under the key: {@code record}, or the one that was there. */
  private Document claim(MongoCalls.Budget budget, Document record) {
    for (int i = 0; i < MOST_TRIES; i++) {
      if (inserted(budget, record)) {
        return record;
      }
      Bson sameKey = Filters.eq(ID, record.get(ID));
      @Nullable Document found = budget.of(requests).find(sameKey).first();
      if (found != null && age(found).compareTo(TodoStore.KEY_LIFE) < 0) {
        return found;
      }
      if (found != null) {
        budget.of(requests).deleteOne(Filters.and(sameKey, Filters.eq(AT, found.get(AT))));
      }
    }
    throw new IllegalStateException(
        "the record of a request came and went " + MOST_TRIES + " times");
  }

  private boolean inserted(MongoCalls.Budget budget, Document record) {
    try {
      budget.of(requests).insertOne(record);
      return true;
    } catch (MongoWriteException refused) {
      if (MongoFailures.isDuplicate(refused)) {
        return false;
      }
      throw refused;
    }
  }

  /** The todo is there: if this cannot be noted now, the next request with the key notes it. */
  private void done(MongoCalls.Budget budget, Document record) {
    try {
      budget.of(requests).updateOne(Filters.eq(ID, record.get(ID)), Updates.set(DONE, true));
    } catch (MongoException notNow) {
      // Its answer is the same, but for the header that says that it is a repetition.
    }
  }

  /** Removes the records of some keys whose life is over; returns how many were found. */
  int removeOld() {
    Date before = Date.from(clock.now().minus(TodoStore.KEY_LIFE));
    return calls.call(budget -> MongoUpkeep.removeSome(budget, requests, Filters.lt(AT, before)));
  }

  private Duration age(Document record) {
    Instant at = record.getDate(AT).toInstant();
    return Duration.between(at, clock.now());
  }

  private static String hash(String text) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return Base64.getUrlEncoder().withoutPadding().encodeToString(digest);
    } catch (NoSuchAlgorithmException e) {
      throw new LinkageError("every Java platform has SHA-256", e);
    }
  }
}
