package io.github.scalingtoolkit.todo.demo;

import de.bwaldvogel.mongo.MongoCollection;
import de.bwaldvogel.mongo.backend.CollectionOptions;
import de.bwaldvogel.mongo.backend.CursorRegistry;
import de.bwaldvogel.mongo.backend.h2.H2Database;
import org.h2.mvstore.MVStore;
import org.jspecify.annotations.Nullable;

/**
 * A database whose collections keep their documents as {@link DocumentType} has them.
 *
 * <p>The library opens maps without a type. But a map that is open already is returned as it is, so each is opened here
 * first.
 */
final class DocumentDatabase extends H2Database {
  private static final String COLLECTION_PREFIX = "databases.";

  /** Null while the super constructor runs, which opens what {@link #open} has opened. */
  private final @Nullable MVStore store;

  private DocumentDatabase(String name, MVStore store, CursorRegistry cursors) {
    super(name, store, cursors);
    this.store = store;
  }

  /** Opens the database {@code name}, or makes it. */
  static DocumentDatabase open(String name, MVStore store, CursorRegistry cursors) {
    String prefix = COLLECTION_PREFIX + name + ".";
    openMap(store, prefix + "system.namespaces");
    openMap(store, prefix + "system.indexes");
    store.getMapNames().stream()
        .filter(map -> map.startsWith(prefix))
        .forEach(map -> openMap(store, map));
    return new DocumentDatabase(name, store, cursors);
  }

  /** Tells whether the map {@code name} holds a collection's documents. */
  static boolean holdsDocuments(String name) {
    return name.startsWith(COLLECTION_PREFIX);
  }

  @Override
  protected MongoCollection<Object> openOrCreateCollection(String name, CollectionOptions options) {
    if (store != null) {
      openMap(store, COLLECTION_PREFIX + getFullCollectionNamespace(name));
    }
    return super.openOrCreateCollection(name, options);
  }

  private static void openMap(MVStore store, String name) {
    store.openMap(name, DocumentType.collectionMap());
  }
}
