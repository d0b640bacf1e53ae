package io.github.scalingtoolkit.todo.stores;

import io.github.scalingtoolkit.core.settings.Secret;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** A data directory and the stores that run on it, acquired and released together. Safe for use by several threads. */
public final class OwnedData implements AutoCloseable {
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(3);

  private final DataDirectory directory;
  private final EmbeddedStores.@Nullable Running stores;

  private OwnedData(DataDirectory directory, EmbeddedStores.@Nullable Running stores) {
    this.directory = directory;
    this.stores = stores;
  }

  /**
   * Takes {@code directory} and starts {@code kinds} on it. If it is in use, waits for a moment: its owner may just be
   * ending.
   *
   * @throws StoresException if either is unavailable; then neither is acquired
   */
  public static OwnedData open(
      Path directory, Set<EmbeddedStores.Kind> kinds, EmbeddedStores.AfterKill afterKill) {
    DataDirectory taken = take(directory);
    try {
      return new OwnedData(
          taken,
          kinds.isEmpty()
              ? null
              : EmbeddedStores.find().orElseThrow().start(taken, EnumSet.copyOf(kinds), afterKill));
    } catch (RuntimeException failure) {
      taken.close();
      throw failure;
    }
  }

  private static DataDirectory take(Path directory) {
    long deadline = System.nanoTime() + LONGEST_WAIT.toNanos();
    while (true) {
      try {
        return DataDirectory.open(directory);
      } catch (StoresException refused) {
        if (refused.reason() != StoresException.Reason.IN_USE || System.nanoTime() - deadline > 0) {
          throw refused;
        }
        LockSupport.parkNanos(Duration.ofMillis(50).toNanos());
      }
    }
  }

  /** Returns the directory. */
  public Path path() {
    return directory.path();
  }

  /** As {@link DataDirectory#secretFile}. */
  public Secret secretFile(String name, int bytes) {
    return directory.secretFile(name, bytes);
  }

  /** Returns the address of the embedded MongoDB, if it was requested. */
  public Optional<String> mongoUri() {
    return stores == null ? Optional.empty() : stores.mongoUri();
  }

  /** Returns the address of the embedded Redis, if it was requested. Holds a secret: never log it. */
  public Optional<String> redisUrl() {
    return stores == null ? Optional.empty() : stores.redisUrl();
  }

  /** Stops the stores and releases the directory. */
  @Override
  public void close() {
    try {
      if (stores != null) {
        stores.close();
      }
    } finally {
      directory.close();
    }
  }
}
