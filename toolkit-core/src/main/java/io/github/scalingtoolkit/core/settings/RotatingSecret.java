package io.github.scalingtoolkit.core.settings;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A secret that may get a successor while the process runs: one that came from a file is read again from it.
 *
 * <p>The content decides, not the file's time or its node: Kubernetes swaps a symbolic link where it mounts a secret. A
 * file that is missing, empty or cannot be read keeps the last secret in force, and is told of once.
 *
 * <p>Safe for use by several threads. Nothing happens by itself: call {@link #refresh} every few seconds.
 */
public final class RotatingSecret {
  private static final Logger log = LoggerFactory.getLogger(RotatingSecret.class);

  private final @Nullable Path file;
  private final ReentrantLock refreshing = new ReentrantLock();
  private volatile Secret current;
  private boolean told;

  private RotatingSecret(@Nullable Path file, Secret current) {
    this.file = file;
    this.current = current;
  }

  /** Returns a secret that stays. */
  public static RotatingSecret of(Secret secret) {
    return new RotatingSecret(null, secret);
  }

  /**
   * Returns the secret in {@code file}, less one newline at its end. Reads the file.
   *
   * @throws SettingsException if it cannot be read, is empty or is larger than 64 KiB
   */
  public static RotatingSecret of(Path file) {
    return new RotatingSecret(file, read(file));
  }

  /** Returns the secret in force. Never blocks. */
  public Secret current() {
    return current;
  }

  /** Returns the file it comes from, or empty if it stays as it is. */
  public Optional<Path> file() {
    return Optional.ofNullable(file);
  }

  /** Reads the file again, if there is one, and tells whether there is another secret now. */
  public boolean refresh() {
    if (file == null) {
      return false;
    }
    refreshing.lock();
    try {
      Secret read = read(file);
      told = false;
      if (read.equals(current)) {
        return false;
      }
      current = read;
      return true;
    } catch (SettingsException unreadable) {
      if (!told) {
        told = true;
        log.warn(
            "secret file={} problem=\"{}\" action=keep-the-last", file, unreadable.getMessage());
      }
      return false;
    } finally {
      refreshing.unlock();
    }
  }

  private static Secret read(Path file) {
    try {
      String value = SettingsFile.read(file);
      if (value.isEmpty()) {
        throw new SettingsException(file + " must hold a secret but is empty");
      }
      return Secret.of(value);
    } catch (IOException e) {
      throw new SettingsException(file + " cannot be read: " + e.getClass().getSimpleName());
    }
  }
}
