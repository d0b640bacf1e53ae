package io.github.scalingtoolkit.todo.embedded;

import de.bwaldvogel.mongo.MongoCollection;
import de.bwaldvogel.mongo.MongoDatabase;
import de.bwaldvogel.mongo.backend.CollectionOptions;
import de.bwaldvogel.mongo.backend.CursorRegistry;
import de.bwaldvogel.mongo.backend.h2.H2Database;
import de.bwaldvogel.mongo.bson.Document;
import org.h2.mvstore.MVMap;
import org.h2.mvstore.MVStore;

/** Opens databases whose collections are {@link DocumentCollection}s, kept in the file in the format of {@link DocumentType}. */
final class DocumentDatabase {
  private static final String COLLECTION_PREFIX = "databases.";
  private static final String META_PREFIX = "meta.";
  private static final String OWNERS = "#owners";
  private static final String OWED = "#owed";

  private DocumentDatabase() {}

  /** Opens the database {@code name}, or makes it. */
  static MongoDatabase open(String name, MVStore store, CursorRegistry cursors) {
    // The super constructor opens all collections there are: only what a local class captures is
    // there by then.
    return new H2Database(name, store, cursors) {
      @Override
      protected MongoCollection<Object> openOrCreateCollection(
          String collection, CollectionOptions options) {
        String full = getFullCollectionNamespace(collection);
        MVMap<Object, Document> documents =
            store.openMap(COLLECTION_PREFIX + full, DocumentType.collectionMap());
        MVMap<String, Object> meta = store.openMap(META_PREFIX + full);
        return new DocumentCollection(
            this,
            collection,
            options,
            documents,
            meta,
            store.openMap(META_PREFIX + full + OWNERS),
            store.openMap(META_PREFIX + full + OWED),
            cursors);
      }
    };
  }

  /** Tells whether the map {@code name} holds a collection's documents. */
  static boolean holdsDocuments(String name) {
    return name.startsWith(COLLECTION_PREFIX);
  }
}
