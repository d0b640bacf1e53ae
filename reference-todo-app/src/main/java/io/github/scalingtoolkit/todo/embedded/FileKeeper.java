package io.github.scalingtoolkit.todo.embedded;

import java.io.IOException;
import java.nio.file.Path;
import org.h2.mvstore.MVStore;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Commits, forces to the disk, and keeps the file small: each commit leaves holes in earlier chunks, and
 * MVStore, with its background thread off, fills them only on request.
 *
 * <p>The version that was last forced is pinned: none of its chunks is overwritten before a newer one is on the disk. So
 * after a loss of power, whatever order the disk wrote in, that version can still be read.
 *
 * <p>Chunks are rewritten, never moved: moving breaks an assertion of MVStore 2.3 now and then, and forces the disk five
 * times while writers wait.
 */
final class FileKeeper {
  private static final Logger log = LoggerFactory.getLogger(FileKeeper.class);

  private static final int COMMITS_BETWEEN_COMPACTIONS = 20;
  /** The share of the file that must be in use, in percent. */
  private static final int FILL_RATE = 50;
  /** The most that one compaction rewrites: a few milliseconds. */
  private static final int BYTES_TO_REWRITE = 256 << 10;

  private final MVStore store;
  private final Path file;
  /** Guarded by the caller, which keeps writers away. */
  private int commitsSinceCompaction;

  private volatile boolean dirty;
  /** Used by the thread that forces. */
  private @Nullable Version onDisk;

  FileKeeper(MVStore store, Path file) {
    this.store = store;
    this.file = file;
  }

  /** Passes all writes to the operating system. The caller keeps writers away. */
  void commit() {
    try {
      store.commit();
      commitsSinceCompaction++;
      if (commitsSinceCompaction >= COMMITS_BETWEEN_COMPACTIONS) {
        commitsSinceCompaction = 0;
        store.compact(FILL_RATE, BYTES_TO_REWRITE);
      }
      if (store.isClosed()) {
        // A broken store closes itself, and then reports nothing.
        throw new IllegalStateException("the store has closed itself");
      }
      dirty = true;
    } catch (RuntimeException e) {
      log.error(
          "event=embedded_mongo_commit_failed file={} error=\"{}\" action=\"free disk space, then restart\"",
          file,
          e.getMessage());
      throw e;
    }
  }

  /**
   * Forces committed data to the disk, if there is any new, and notes the version. Writers go on meanwhile.
   * One thread at a time.
   */
  void force(GroupCommit commits) {
    if (!dirty) {
      return;
    }
    dirty = false;
    Version whole =
        commits.between(() -> new Version(store.getCurrentVersion(), store.registerVersionUsage()));
    store.sync();
    unpin();
    onDisk = whole;
    try {
      MongoFile.noteOnDisk(file, whole.number());
    } catch (IOException e) {
      log.warn("event=embedded_mongo_version_not_noted file={} error=\"{}\"", file, e.getMessage());
    }
  }

  /** Unpins the version on the disk, which must happen before the store closes. */
  void unpin() {
    Version pinned = onDisk;
    if (pinned != null) {
      store.deregisterVersionUsage(pinned.pin());
      onDisk = null;
    }
  }

  /** A version whose chunks are all written, and the pin that protects them from being overwritten. */
  private record Version(long number, MVStore.TxCounter pin) {}
}
