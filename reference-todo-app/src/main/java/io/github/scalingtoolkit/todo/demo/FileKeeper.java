package io.github.scalingtoolkit.todo.demo;

import java.nio.file.Path;
import org.h2.mvstore.MVStore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Commits, and keeps the file small: MVStore appends at each commit and leaves holes, which it does not fill while its
 * background thread is off.
 */
final class FileKeeper {
  private static final Logger log = LoggerFactory.getLogger(FileKeeper.class);

  private static final int COMMITS_BETWEEN_COMPACTIONS = 500;
  private static final int COMPACTION_MILLIS = 30;

  private final MVStore store;
  private final Path file;
  private int commitsSinceCompaction;
  private volatile boolean dirty;

  FileKeeper(MVStore store, Path file) {
    this.store = store;
    this.file = file;
  }

  /** Hands all that was written to the operating system. The caller keeps writers away. */
  void commit() {
    try {
      store.commit();
      if (store.isClosed()) {
        // A store that broke closes itself, and then says nothing.
        throw new IllegalStateException("the store has closed itself");
      }
      dirty = true;
      if (++commitsSinceCompaction >= COMMITS_BETWEEN_COMPACTIONS) {
        compact();
      }
    } catch (RuntimeException e) {
      log.error(
          "event=embedded_mongo_commit_failed file={} error=\"{}\" action=\"free disk space, then restart\"",
          file,
          e.getMessage());
      throw e;
    }
  }

  /** Forces what was committed to the disk, if there is anything new. Blocks nobody. */
  void force() {
    if (dirty) {
      dirty = false;
      store.sync();
    }
  }

  boolean wantsCompaction() {
    return false;
  }

  /** Fills holes for a bounded time. The caller keeps writers away. */
  void compact() {
    commitsSinceCompaction = 0;
    store.compactFile(COMPACTION_MILLIS);
  }
}
