package io.github.scalingtoolkit.todo.logging;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.JsonEncoder;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.encoder.Encoder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sets up Logback: text for people or JSON for machines, on standard output.
 *
 * <p>Neither form has stack traces: a line names the failed operation and the exception's class; for more detail
 * attach a debugger or a flight recording. Libraries log warnings only.
 */
public final class Logging {
  /** What a line looks like. */
  public enum Format {
    /** {@code 08:00:00.000 INFO  HttpServer - listening port=3000}. */
    TEXT,
    /** One JSON object per line. */
    JSON
  }

  private Logging() {}

  /** Replaces any earlier set-up. */
  public static void configure(Format format, String level) {
    LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
    context.reset();
    ConsoleAppender<ILoggingEvent> console = new ConsoleAppender<>();
    console.setContext(context);
    console.setEncoder(encoder(format, context));
    console.start();
    ch.qos.logback.classic.Logger root = context.getLogger(Logger.ROOT_LOGGER_NAME);
    root.addAppender(console);
    root.setLevel(Level.WARN);
    context.getLogger("io.github.scalingtoolkit").setLevel(Level.toLevel(level, Level.INFO));
  }

  private static Encoder<ILoggingEvent> encoder(Format format, LoggerContext context) {
    if (format == Format.JSON) {
      JsonEncoder json = new JsonEncoder();
      json.setContext(context);
      json.setWithThrowable(false);
      json.setWithSequenceNumber(false);
      json.setWithNanoseconds(false);
      json.setWithContext(false);
      json.setWithArguments(false);
      json.setWithMessage(false);
      json.setWithFormattedMessage(true);
      json.start();
      return json;
    }
    PatternLayoutEncoder text = new PatternLayoutEncoder();
    text.setContext(context);
    text.setPattern("%d{HH:mm:ss.SSS} %-5level %logger{0} - %msg%n%nopex");
    text.start();
    return text;
  }
}
