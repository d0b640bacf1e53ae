package io.github.scalingtoolkit.todo.embedded;

import de.bwaldvogel.mongo.MongoDatabase;
import de.bwaldvogel.mongo.backend.CollectionOptions;
import de.bwaldvogel.mongo.backend.CursorRegistry;
import de.bwaldvogel.mongo.backend.Index;
import de.bwaldvogel.mongo.backend.QueryResult;
import de.bwaldvogel.mongo.backend.h2.H2Collection;
import de.bwaldvogel.mongo.bson.Document;
import de.bwaldvogel.mongo.bson.ObjectId;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.h2.mvstore.MVMap;
import org.jspecify.annotations.Nullable;

/**
 * A collection that reads only the documents that can match, where the service's queries allow it. The library has
 * only unique indexes and uses one only for a query of exactly its keys; for all other queries it scans every
 * document, so that each create would take longer the more todos there are.
 *
 * <p>The documents read instead, if a query has the condition at its top level or within {@code $and}:
 * <ul>
 *   <li>{@code _id: x}: that document
 *   <li>{@code userId: x} or {@code {$in: [...]}}: those of that owner, in the order of their ids, after {@code _id: {$gt:
 *       x}} if the query has it
 *   <li>{@code outbox.…: {$lt: x}} and the like: those that have an outbox
 * </ul>
 *
 * <p>Both indexes are maps of the same file, and so committed with the documents. So is how many entries each map has,
 * written with every change: an older version of this program writes only documents, and a version that finds other numbers
 * rebuilds the indexes.
 */
final class DocumentCollection extends H2Collection {
  static final String ID = "_id";
  private static final String OWNER = "userId";
  private static final String OUTBOX = "outbox";
  private static final String OWED = "owed ";
  private static final String INDEXED = "indexed";
  /** No document without the field matches them. */
  private static final Set<String> NEED_A_VALUE = Set.of("$lt", "$lte", "$gt", "$gte");

  private final MVMap<Object, Document> documents;
  private final MVMap<String, Object> meta;
  private final SortedIds byOwner;
  private final SortedIds owing;

  /**
   * As in the library, with {@code owners} and {@code owed} for the indexes, which are filled if the collection is older
   * than they are, or was changed without them.
   */
  DocumentCollection(
      MongoDatabase database,
      String name,
      CollectionOptions options,
      MVMap<Object, Document> documents,
      MVMap<String, Object> meta,
      MVMap<String, Boolean> owners,
      MVMap<String, Boolean> owed,
      CursorRegistry cursors) {
    super(database, name, options, documents, meta, cursors);
    this.documents = documents;
    this.meta = meta;
    byOwner = new SortedIds(owners, document -> ownerKey(document.get(OWNER)));
    owing = new SortedIds(owed, document -> document.containsKey(OUTBOX) ? OWED : null);
    if (!known().equals(meta.get(INDEXED))) {
      byOwner.clear();
      owing.clear();
      documents.values().forEach(this::index);
      noteKnown();
    }
  }

  private String known() {
    return documents.sizeAsLong() + " " + byOwner.size() + " " + owing.size();
  }

  private void noteKnown() {
    meta.put(INDEXED, known());
  }

  @Override
  protected Object addDocumentInternal(Document document) {
    Object position = super.addDocumentInternal(document);
    index(document);
    noteKnown();
    return position;
  }

  @Override
  protected void handleUpdate(Object position, Document before, Document after) {
    super.handleUpdate(position, before, after);
    byOwner.remove(before);
    owing.remove(before);
    index(after);
    if (!after.containsKey(OUTBOX)) {
      // Where the library has changed the document in place, before is as after.
      owing.remove(new Document(ID, after.get(ID)).append(OUTBOX, true));
    }
    noteKnown();
  }

  @Override
  protected void removeDocument(Object position) {
    Document document = documents.get(position);
    super.removeDocument(position);
    if (document != null) {
      byOwner.remove(document);
      owing.remove(document);
    }
    noteKnown();
  }

  private void index(Document document) {
    byOwner.add(document);
    owing.add(document);
  }

  @Override
  protected QueryResult matchDocuments(
      Document query, Document orderBy, int skip, int limit, int batchSize, Document fields) {
    Iterable<Object> positions = candidates(query);
    if (positions == null) {
      return super.matchDocuments(query, orderBy, skip, limit, batchSize, fields);
    }
    // Candidates come in the order of their ids: unsorted, no more are read than are asked for.
    boolean sorted = orderBy != null && orderBy.size() == 1 && isAscending(orderBy.get(ID));
    return matchDocuments(
        query, positions, sorted ? new Document() : orderBy, skip, limit, batchSize, fields);
  }

  private static boolean isAscending(@Nullable Object order) {
    return order instanceof Number number && number.intValue() == 1;
  }

  private static void collect(Document query, List<Map.Entry<String, Object>> conditions) {
    for (Map.Entry<String, Object> condition : query.entrySet()) {
      if (condition.getKey().equals("$and") && condition.getValue() instanceof Collection<?> all) {
        all.forEach(each -> collect((Document) each, conditions));
      } else {
        conditions.add(condition);
      }
    }
  }

  /** Returns the positions of all documents that can match {@code query}, or null if they may be anywhere. */
  @Nullable
  Iterable<Object> candidates(Document query) {
    List<Map.Entry<String, Object>> conditions = new ArrayList<>();
    collect(query, conditions);
    ObjectId after = null;
    for (Map.Entry<String, Object> condition : conditions) {
      if (condition.getKey().equals(ID)) {
        if (condition.getValue() instanceof ObjectId id) {
          return atId(id);
        }
        if (condition.getValue() instanceof Document range
            && range.get("$gt") instanceof ObjectId id) {
          after = id;
        }
      }
    }
    for (Map.Entry<String, Object> condition : conditions) {
      Stream<ObjectId> found = null;
      if (condition.getKey().equals(OWNER)) {
        found = ofOwners(condition.getValue(), after);
      } else if (condition.getKey().startsWith(OUTBOX + ".")
          && condition.getValue() instanceof Document range
          && range.keySet().stream().anyMatch(NEED_A_VALUE::contains)) {
        found = owing.find(OWED, after);
      }
      if (found != null) {
        Stream<ObjectId> there = found.filter(documents::containsKey);
        return () -> there.<Object>map(id -> id).iterator();
      }
    }
    return null;
  }

  private @Nullable Iterable<Object> atId(ObjectId id) {
    Document byId = new Document(ID, id);
    for (Index<Object> index : getIndexes()) {
      if (index.canHandle(byId)) {
        return index.getPositions(byId);
      }
    }
    return null;
  }

  private @Nullable Stream<ObjectId> ofOwners(@Nullable Object asked, @Nullable ObjectId after) {
    Collection<?> owners =
        asked instanceof Document in && in.get("$in") instanceof Collection<?> all
            ? all
            : asked == null ? List.of() : List.of(asked);
    List<String> keys = new ArrayList<>();
    for (Object owner : owners) {
      String key = ownerKey(owner);
      if (key == null) {
        return null;
      }
      keys.add(key);
    }
    if (keys.size() == 1) {
      return byOwner.find(keys.get(0), after);
    }
    return keys.isEmpty()
        ? null
        : keys.stream()
            .distinct()
            .flatMap(key -> byOwner.find(key, after))
            .sorted(Comparator.comparing(ObjectId::getHexData));
  }

  private static @Nullable String ownerKey(@Nullable Object owner) {
    if (owner instanceof ObjectId id) {
      return "id " + id.getHexData() + '\0';
    }
    return owner instanceof String text ? "text " + text + '\0' : null;
  }
}
