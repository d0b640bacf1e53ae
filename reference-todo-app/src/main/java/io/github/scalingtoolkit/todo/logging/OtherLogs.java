package io.github.scalingtoolkit.todo.logging;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.LogRecord;
import java.util.logging.SimpleFormatter;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What does not come to the log by itself: records of {@code java.util.logging}, whose own handler prints stack traces;
 * exceptions that end a thread, which the JVM prints with theirs; and what libraries print to standard error.
 */
public final class OtherLogs {
  private static final Logger log = LoggerFactory.getLogger(OtherLogs.class);

  private OtherLogs() {}

  /**
   * Has all of it go to the log from now on, a line each and without stack traces. For the whole JVM: a process calls it
   * once, at its start.
   */
  public static void takeOver() {
    System.setErr(new PrintStream(new LinesToLog(), true, StandardCharsets.UTF_8));
    LogManager.getLogManager().reset();
    java.util.logging.Logger.getLogger("").addHandler(new ToTheLog());
    Thread.setDefaultUncaughtExceptionHandler((thread, failure) -> log.error(
        "thread=\"{}\" state=ended cause={} at={}",
        thread.getName(),
        failure.getClass().getName(),
        failure.getStackTrace().length == 0 ? "unknown" : failure.getStackTrace()[0]));
  }

  private static final class ToTheLog extends Handler {
    private final SimpleFormatter texts = new SimpleFormatter();

    @Override
    public void publish(LogRecord record) {
      String name = record.getLoggerName() == null ? "java.util.logging" : record.getLoggerName();
      Logger logger = LoggerFactory.getLogger(name);
      String text = texts.formatMessage(record);
      int level = record.getLevel().intValue();
      if (level >= Level.SEVERE.intValue()) {
        logger.error(text, record.getThrown());
      } else if (level >= Level.WARNING.intValue()) {
        logger.warn(text, record.getThrown());
      } else if (level >= Level.INFO.intValue()) {
        logger.info(text, record.getThrown());
      } else {
        logger.debug(text, record.getThrown());
      }
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }

  /** Standard error. A stranger's request must not fill it: what Undertow prints of one is for debugging. */
  private static final class LinesToLog extends OutputStream {
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();

    @Override
    public synchronized void write(int b) {
      if (b != '\n') {
        line.write(b);
        return;
      }
      String text = line.toString(StandardCharsets.UTF_8);
      line.reset();
      boolean ofATrace = text.startsWith("\tat ")
          || text.startsWith("\t... ")
          || text.startsWith("Caused by: ")
          || text.startsWith("\tSuppressed: ");
      if (ofATrace || text.isBlank()) {
        return;
      }
      if (text.contains("Exception: UT0")) {
        log.debug("stderr=\"{}\"", text.strip());
      } else {
        log.warn("stderr=\"{}\"", text.strip());
      }
    }
  }
}
