package io.github.scalingtoolkit.todo.mongo;

import com.mongodb.MongoBulkWriteException;
import com.mongodb.MongoWriteException;
import com.mongodb.WriteError;
import com.mongodb.bulk.BulkWriteError;
import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.InsertManyOptions;
import io.github.scalingtoolkit.core.limit.SharedCalls;
import io.github.scalingtoolkit.core.limit.SharedCalls.Bounds;
import io.github.scalingtoolkit.core.limit.SharedCalls.Result;
import io.github.scalingtoolkit.todo.domain.StoreException;
import io.github.scalingtoolkit.todo.domain.StoreUnavailableException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.bson.Document;

/**
 * Inserts the documents of new todos. Those that come while an insert is under way leave together, as one unordered bulk, which
 * costs driver and server little more than one of them; a lone one goes at once.
 *
 * <p>Each caller has its own outcome: a document that the server refuses, or cannot write now, fails alone. What fails as a whole, or leaves open
 * what the server has done, fails for all: each todo is there or not, as after an insert of its own. A second try
 * sends all documents again, and finds those that are there by their ids.
 *
 * <p>Safe for use by several threads.
 */
final class TodoInserts {
  private static final int MOST_DOCUMENTS = 256;
  private static final int MOST_BYTES = 512 * 1024;
  /** A title's characters apart, which have three bytes at most each. */
  private static final int BYTES_OF_THE_REST = 512;
  /** Callers wait for others' inserts for this part of the time that they wait for a connection. */
  private static final int WAIT_PART = 5;
  /** And take this part of an operation's time for one: who has less left does not wait. */
  private static final int TYPICAL_PART = 10;

  private static final InsertManyOptions IN_ANY_ORDER = new InsertManyOptions().ordered(false);

  private final MongoCollection<Document> todos;
  private final MongoCalls calls;
  private final MongoFailures failures;
  private final SharedCalls<Document, Optional<StoreException>> shared;

  TodoInserts(
      MongoCollection<Document> todos,
      MongoCalls calls,
      MongoFailures failures,
      MongoSettings settings) {
    this.todos = todos;
    this.calls = calls;
    this.failures = failures;
    shared = SharedCalls.of(
        this::insertAll,
        TodoInserts::bytes,
        new Bounds(
            1,
            MOST_DOCUMENTS,
            MOST_BYTES,
            settings.busyTimeout().dividedBy(WAIT_PART),
            settings.operationTimeout().dividedBy(TYPICAL_PART)));
  }

  /** Inserts a new todo's document; throws as an insert of its own would. */
  void insert(Document document) {
    Result<Optional<StoreException>> result = shared.call(document);
    if (result instanceof Result.Left<Optional<StoreException>> left) {
      throw left.sent() ? failures.leftAlone() : failures.late();
    }
    Optional<StoreException> refusal =
        ((Result.Answered<Optional<StoreException>>) result).answer();
    if (refusal.isPresent()) {
      throw refusal.get();
    }
  }

  /** Returns how many wait for an insert that is under way. */
  int waiting() {
    return shared.waiting();
  }

  private List<Optional<StoreException>> insertAll(List<Document> documents) {
    return calls.twice((budget, again) -> {
      if (documents.size() == 1) {
        TodoDocuments.insert(budget, todos, documents.get(0), again);
        return List.of(Optional.empty());
      }
      try {
        budget.of(todos).insertMany(documents, IN_ANY_ORDER);
        return made(documents.size());
      } catch (MongoBulkWriteException some) {
        Set<Object> there = again ? there(budget, some, documents) : Set.of();
        return outcomes(some, documents, there);
      }
    });
  }

  private static List<Optional<StoreException>> made(int documents) {
    return Collections.nCopies(documents, Optional.empty());
  }

  /** Returns the ids of those refused as duplicates that are there: by the first try. Others' unique indexes refused the rest. */
  private Set<Object> there(
      MongoCalls.Budget budget, MongoBulkWriteException some, List<Document> documents) {
    List<Document> duplicates = some.getWriteErrors().stream()
        .filter(error -> MongoFailures.isDuplicate(refusal(some, error)))
        .map(error -> documents.get(error.getIndex()))
        .toList();
    Set<Object> there = new HashSet<>();
    if (!duplicates.isEmpty()) {
      TodoDocuments.there(budget, todos, duplicates)
          .forEach(document -> there.add(document.get(TodoDocuments.ID)));
    }
    return there;
  }

  private List<Optional<StoreException>> outcomes(
      MongoBulkWriteException some, List<Document> documents, Set<Object> there) {
    if (some.getWriteConcernError() != null) {
      throw failures.unconfirmed(some);
    }
    List<Optional<StoreException>> outcomes = new ArrayList<>(made(documents.size()));
    int notServed = 0;
    for (BulkWriteError error : some.getWriteErrors()) {
      if (there.contains(documents.get(error.getIndex()).get(TodoDocuments.ID))) {
        continue;
      }
      MongoWriteException refused = refusal(some, error);
      StoreException refusal = failures.translate(refused);
      if (refusal instanceof StoreUnavailableException && ++notServed == documents.size()) {
        // It tells of the server and of no document.
        throw refused;
      }
      outcomes.set(error.getIndex(), Optional.of(refusal));
    }
    return outcomes;
  }

  private static MongoWriteException refusal(MongoBulkWriteException some, BulkWriteError error) {
    return new MongoWriteException(
        new WriteError(error.getCode(), error.getMessage(), error.getDetails()),
        some.getServerAddress(),
        some.getErrorLabels());
  }

  private static int bytes(Document document) {
    return BYTES_OF_THE_REST + 3 * document.getString(TodoDocuments.TITLE).length();
  }
}
