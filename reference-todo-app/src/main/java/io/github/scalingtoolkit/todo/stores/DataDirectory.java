package io.github.scalingtoolkit.todo.stores;

import io.github.scalingtoolkit.core.settings.RotatingSecret;
import io.github.scalingtoolkit.core.settings.Secret;
import io.github.scalingtoolkit.core.settings.SettingsException;
import io.github.scalingtoolkit.todo.stores.StoresException.Reason;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * A directory that one process owns at a time, as long as this object is open and at most as long as the process lives:
 * the operating system ends the lock with its owner, even after kill -9.
 *
 * <p>Safe for use by several threads.
 */
public final class DataDirectory implements AutoCloseable {
  /**
   * Directories that this process owns. POSIX drops a process' locks on a file when any descriptor of it is closed, so
   * a second attempt from within must not even open the lock file.
   */
  private static final Set<Path> OWNED = ConcurrentHashMap.newKeySet();

  private static final String LOCK_FILE = "lock";
  /** Beyond the text, so that the owner's pid can be read where locks are mandatory. */
  private static final long LOCKED_BYTE = Long.MAX_VALUE - 1;

  private final Path path;
  private final FileChannel lockFile;

  private DataDirectory(Path path, FileChannel lockFile) {
    this.path = path;
    this.lockFile = lockFile;
  }

  /**
   * Creates {@code directory} if it is missing, readable by its owner only, and locks it.
   *
   * @throws StoresException if another process owns it or it cannot be written, and the message says which
   */
  public static DataDirectory open(Path directory) {
    Path path = make(directory);
    if (!OWNED.add(path)) {
      throw inUse(path, "this process");
    }
    @Nullable FileChannel lockFile = null;
    try {
      lockFile = FileChannel.open(
          path.resolve(LOCK_FILE),
          StandardOpenOption.CREATE,
          StandardOpenOption.READ,
          StandardOpenOption.WRITE);
      if (!lock(lockFile)) {
        throw inUse(path, owner(lockFile));
      }
      writeOwner(lockFile);
      return new DataDirectory(path, lockFile);
    } catch (IOException e) {
      throw release(path, lockFile, notWritable(path, e));
    } catch (RuntimeException e) {
      throw release(path, lockFile, e);
    }
  }

  /** Returns the directory, absolute and with links resolved. */
  public Path path() {
    return path;
  }

  /** Returns the file with the pid of its owner: this process' while this object is open. */
  public Path lockFile() {
    return path.resolve(LOCK_FILE);
  }

  /** Returns a subdirectory, created if it is missing, readable by its owner only. */
  public Path subdirectory(String name) {
    return make(path.resolve(name));
  }

  /**
   * Returns the secret kept in the file {@code name}; the first time, makes it of {@code bytes} random bytes. It is text
   * (base64url without padding) and its file is readable by the owner only.
   *
   * @param bytes strength, at least 16
   * @throws StoresException if the file cannot be written, or holds fewer characters than {@code bytes}
   */
  public Secret secretFile(String name, int bytes) {
    if (bytes < 16) {
      throw new IllegalArgumentException("bytes must be >= 16 but was " + bytes);
    }
    Path file = path.resolve(name);
    try {
      if (!Files.exists(file)) {
        byte[] random = new byte[bytes];
        new SecureRandom().nextBytes(random);
        PrivateFiles.write(file, Base64.getUrlEncoder().withoutPadding().encodeToString(random));
      }
      PrivateFiles.restrict(file);
      Secret secret = RotatingSecret.of(file).current();
      int length = secret.reveal().length();
      if (length < bytes) {
        throw new StoresException(
            Reason.CORRUPT,
            "secret file " + file + " has " + length + " characters where at least " + bytes
                + " are needed; move it away to have a new one made (tokens made with the old one end)");
      }
      return secret;
    } catch (SettingsException unfit) {
      throw new StoresException(
          Reason.CORRUPT,
          "secret file " + unfit.getMessage()
              + "; or move it away to have a new one made (tokens made with the old one end)");
    } catch (IOException e) {
      throw notWritable(file, e);
    }
  }

  /** Releases the directory for the next process. Does nothing the second time. */
  @Override
  public void close() {
    if (!lockFile.isOpen()) {
      return;
    }
    try {
      lockFile.truncate(0);
      lockFile.close();
    } catch (IOException e) {
      throw new StoresException(Reason.FAILED, "data directory " + path + " cannot be released", e);
    } finally {
      OWNED.remove(path);
    }
  }

  private static Path make(Path directory) {
    try {
      PrivateFiles.directory(directory);
      Path path = directory.toRealPath();
      if (!Files.isWritable(path)) {
        throw new IOException("not writable");
      }
      return path;
    } catch (IOException e) {
      throw notWritable(directory.toAbsolutePath(), e);
    }
  }

  private static boolean lock(FileChannel file) throws IOException {
    try {
      @Nullable FileLock lock = file.tryLock(LOCKED_BYTE, 1, false);
      return lock != null;
    } catch (OverlappingFileLockException heldByAnotherClassLoader) {
      return false;
    }
  }

  private static void writeOwner(FileChannel file) throws IOException {
    file.truncate(0);
    file.write(
        ByteBuffer.wrap((ProcessHandle.current().pid() + "\n").getBytes(StandardCharsets.UTF_8)),
        0);
  }

  private static String owner(FileChannel file) throws IOException {
    ByteBuffer text = ByteBuffer.allocate(32);
    file.read(text, 0);
    String pid = new String(text.array(), 0, text.position(), StandardCharsets.UTF_8).strip();
    return pid.isEmpty() ? "another process" : "process " + pid;
  }

  private static RuntimeException release(
      Path path, @Nullable FileChannel lockFile, RuntimeException cause) {
    OWNED.remove(path);
    if (lockFile != null) {
      try {
        lockFile.close();
      } catch (IOException e) {
        cause.addSuppressed(e);
      }
    }
    return cause;
  }

  private static StoresException inUse(Path path, String owner) {
    return new StoresException(
        Reason.IN_USE,
        "data directory " + path + " is in use by " + owner
            + "; stop it, or set DATA_DIR to another directory");
  }

  private static StoresException notWritable(Path path, IOException cause) {
    return new StoresException(
        Reason.NOT_WRITABLE,
        "data directory " + path + " cannot be written (" + describe(cause)
            + "); make it writable, or set DATA_DIR to another directory",
        cause);
  }

  private static String describe(IOException cause) {
    String message = cause.getMessage();
    return cause.getClass().getSimpleName() + (message == null ? "" : ": " + message);
  }
}
