package io.github.scalingtoolkit.todo.embedded;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import org.slf4j.LoggerFactory;

/** Keeps users' data out of the logs: the MongoDB-wire library logs whole commands that it does not know. */
final class LibraryLogs {
  private LibraryLogs() {}

  /** Silences the library. Its relevant failures are logged by {@link CommittingBackend} and {@link FileKeeper}. */
  static void silence() {
    if (LoggerFactory.getILoggerFactory() instanceof LoggerContext logback) {
      logback.getLogger("de.bwaldvogel.mongo").setLevel(Level.OFF);
    }
  }
}
