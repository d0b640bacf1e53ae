package io.github.scalingtoolkit.core.settings;

import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A secret that may change while the process runs: if it came from a file, the file is read again.
 *
 * <p>The content decides, not the file's time or its node: Kubernetes swaps a symbolic link where it mounts a secret. A
 * file that is missing, or has content that {@link Settings} refuses, leaves the last secret in force: one warning names the file
 * and the problem, another follows when the problem changes, and one line says that it is over.
 *
 * <p>Safe for use by several threads. It does not refresh by itself: call {@link #refresh} every few seconds.
 */
public final class RotatingSecret {
  private static final Logger log = LoggerFactory.getLogger(RotatingSecret.class);

  private final @Nullable Path file;
  private final ReentrantLock refreshing = new ReentrantLock();
  private volatile Secret current;
  private @Nullable String told;

  /** Starts with the secret that {@code file} holds now, or a fixed one without a file. */
  RotatingSecret(@Nullable Path file, Secret current) {
    this.file = file;
    this.current = current;
  }

  /** Returns a secret that never changes. */
  public static RotatingSecret of(Secret secret) {
    return new RotatingSecret(null, secret);
  }

  /**
   * Returns the secret in {@code file}, which must hold what {@link Settings} takes from an {@code X_FILE}. Reads the file.
   *
   * @throws SettingsException if it does not, or cannot be read; the message names the file, and the line of a problem
   */
  public static RotatingSecret of(Path file) {
    return new RotatingSecret(file, Secret.of(SettingsFile.read(file)));
  }

  /** Returns the secret in force. Never blocks. */
  public Secret current() {
    return current;
  }

  /** Returns the file it comes from, or empty if it never changes. */
  public Optional<Path> file() {
    return Optional.ofNullable(file);
  }

  /** Reads the file again, if there is one, and tells whether the secret has changed. */
  public boolean refresh() {
    if (file == null) {
      return false;
    }
    refreshing.lock();
    try {
      Secret read = Secret.of(SettingsFile.read(file));
      if (told != null) {
        told = null;
        log.info("secret file={} state=readable", file);
      }
      if (read.equals(current)) {
        return false;
      }
      current = read;
      return true;
    } catch (SettingsException unfit) {
      String problem = String.join(", ", unfit.problems());
      if (!problem.equals(told)) {
        told = problem;
        log.warn("secret file={} problem=\"{}\" action=keep-the-last", file, problem);
      }
      return false;
    } finally {
      refreshing.unlock();
    }
  }
}
