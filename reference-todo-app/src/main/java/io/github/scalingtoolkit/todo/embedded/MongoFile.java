package io.github.scalingtoolkit.todo.embedded;

import io.github.scalingtoolkit.todo.stores.StoresException;
import io.github.scalingtoolkit.todo.stores.StoresException.Reason;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.h2.mvstore.Cursor;
import org.h2.mvstore.DataUtils;
import org.h2.mvstore.MVMap;
import org.h2.mvstore.MVStore;
import org.h2.mvstore.MVStoreException;

/**
 * Opens the file of the embedded MongoDB-wire store, after reading all of it without changing a byte.
 *
 * <p>When MVStore finds damage it goes back to the newest complete state. After a crash that is right; after damage it
 * would silently serve an old state and overwrite the rest. So a second file says which version had reached the
 * disk, and a data file that opens with an older version is refused.
 */
final class MongoFile {
  /** A larger file is not read completely at the start; a broken page is then found when it is read. */
  private static final long READ_THROUGH_NANOS = 800_000_000;

  private MongoFile() {}

  /**
   * Opens {@code file}, or creates it.
   *
   * @throws StoresException if it is not as the store wrote it; the file is unchanged
   */
  static MVStore open(Path file) {
    try {
      if (Files.exists(file) && Files.size(file) > 0) {
        readThrough(file);
      } else {
        Files.deleteIfExists(versionFile(file));
      }
      MVStore store = new MVStore.Builder()
          .fileName(file.toString())
          .autoCommitDisabled()
          // Otherwise a write of more than 1 MB would commit in the middle.
          .autoCommitBufferSize(0)
          .open();
      store.setRetentionTime(0);
      store.setVersionsToKeep(0);
      return store;
    } catch (MVStoreException e) {
      throw refusal(file, e);
    } catch (IOException e) {
      throw new StoresException(
          Reason.NOT_WRITABLE, "data file " + file + " cannot be read: " + e.getMessage(), e);
    }
  }

  /** Notes that {@code version} has reached the disk. */
  static void noteOnDisk(Path file, long version) throws IOException {
    Path draft = file.resolveSibling(file.getFileName() + ".version.new");
    Files.writeString(draft, version + "\n");
    Files.move(
        draft,
        versionFile(file),
        StandardCopyOption.ATOMIC_MOVE,
        StandardCopyOption.REPLACE_EXISTING);
  }

  private static Path versionFile(Path file) {
    return file.resolveSibling(file.getFileName() + ".version");
  }

  private static long versionOnDisk(Path file) throws IOException {
    Path note = versionFile(file);
    try {
      return Files.exists(note) ? Long.parseLong(Files.readString(note).strip()) : 0;
    } catch (NumberFormatException lostWithThePower) {
      return 0;
    }
  }

  private static void readThrough(Path file) throws IOException {
    MVStore store = new MVStore.Builder().fileName(file.toString()).readOnly().open();
    try {
      long expected = versionOnDisk(file);
      if (store.getCurrentVersion() < expected) {
        throw new StoresException(
            Reason.CORRUPT,
            "data file " + file + " is damaged or an older copy: the newest readable version is "
                + store.getCurrentVersion() + ", but version " + expected
                + " had reached the disk; it was not changed: move it away to start with an empty"
                + " store, or remove " + versionFile(file) + " to continue with the older version");
      }
      long started = System.nanoTime();
      for (String name : store.getMapNames()) {
        MVMap<Object, ?> map = DocumentDatabase.holdsDocuments(name)
            ? store.openMap(name, DocumentType.collectionMap())
            : store.<Object, Object>openMap(name);
        Cursor<Object, ?> entries = map.cursor(null);
        while (entries.hasNext() && System.nanoTime() - started < READ_THROUGH_NANOS) {
          entries.next();
        }
      }
    } catch (MVStoreException | StoresException e) {
      throw e;
    } catch (RuntimeException e) {
      // A page that passes its checksum but is invalid.
      throw new MVStoreException(DataUtils.ERROR_FILE_CORRUPT, String.valueOf(e.getMessage()));
    } finally {
      store.closeImmediately();
    }
  }

  private static StoresException refusal(Path file, MVStoreException cause) {
    if (cause.getErrorCode() == DataUtils.ERROR_FILE_LOCKED) {
      return new StoresException(
          Reason.IN_USE,
          "data file " + file + " is in use by another process; stop that one, or set DATA_DIR to"
              + " another directory",
          cause);
    }
    if (cause.getCause() instanceof IOException io && !(io instanceof EOFException)) {
      return new StoresException(
          Reason.NOT_WRITABLE,
          "data file " + file + " cannot be opened: " + io.getMessage()
              + "; make it readable and writable, or set DATA_DIR to another directory",
          cause);
    }
    return new StoresException(
        Reason.CORRUPT,
        "data file " + file + " is damaged or not of this store (" + firstLine(cause)
            + "); it was not changed: move it away to start with an empty store, or put a backup"
            + " in its place",
        cause);
  }

  private static String firstLine(MVStoreException cause) {
    String message = String.valueOf(cause.getMessage());
    return message.lines().findFirst().orElse("no reason given");
  }
}
