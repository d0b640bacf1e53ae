package io.github.scalingtoolkit.todo.embedded;

import de.bwaldvogel.mongo.bson.Document;
import de.bwaldvogel.mongo.bson.ObjectId;
import java.util.Iterator;
import java.util.function.Function;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.h2.mvstore.MVMap;
import org.jspecify.annotations.Nullable;

/**
 * The ids of a collection's documents by a property, in order: an index that may contain too many ids but never
 * too few, since a reader checks each document against its whole query.
 */
final class SortedIds {
  /** After every letter of a hex id, so also after every id. */
  private static final char LAST = 'z';

  private static final int HEX_DIGITS = 24;

  private final MVMap<String, Boolean> map;
  private final Function<Document, @Nullable String> keyOf;

  /** {@code keyOf} returns the key of a document; null if it is not indexed. */
  SortedIds(MVMap<String, Boolean> map, Function<Document, @Nullable String> keyOf) {
    this.map = map;
    this.keyOf = keyOf;
  }

  void add(Document document) {
    String key = keyOf.apply(document);
    if (key != null && document.get(DocumentCollection.ID) instanceof ObjectId id) {
      map.put(key + id.getHexData(), true);
    }
  }

  void remove(Document document) {
    String key = keyOf.apply(document);
    if (key != null && document.get(DocumentCollection.ID) instanceof ObjectId id) {
      map.remove(key + id.getHexData());
    }
  }

  void clear() {
    map.clear();
  }

  long size() {
    return map.sizeAsLong();
  }

  /** Returns the ids under {@code key} after {@code after}, in their order; lazily. */
  Stream<ObjectId> find(String key, @Nullable ObjectId after) {
    String from = after == null ? key : key + after.getHexData() + LAST;
    Iterator<String> found = map.keyIterator(from);
    Iterable<String> all = () -> found;
    return StreamSupport.stream(all.spliterator(), false)
        .takeWhile(entry -> entry.startsWith(key))
        .filter(entry -> entry.length() == key.length() + HEX_DIGITS)
        .map(entry -> new ObjectId(entry.substring(key.length())));
  }
}
