package io.github.scalingtoolkit.todo.logging;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.OutputStreamAppender;
import ch.qos.logback.core.encoder.Encoder;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sets up Logback: text for people or JSON for machines, a line an event.
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

  /** Has lines go to {@code out}, which it never closes, in place of what was set up before. */
  public static void configure(Format format, String level, OutputStream out) {
    LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
    context.reset();
    OutputStreamAppender<ILoggingEvent> lines = new OutputStreamAppender<>();
    lines.setContext(context);
    lines.setEncoder(encoder(format, context));
    lines.setOutputStream(unclosed(out));
    lines.start();
    ch.qos.logback.classic.Logger root = context.getLogger(Logger.ROOT_LOGGER_NAME);
    root.addAppender(lines);
    root.setLevel(Level.WARN);
    context.getLogger("io.github.scalingtoolkit").setLevel(Level.toLevel(level, Level.INFO));
  }

  /** An appender that is replaced closes its stream. */
  private static OutputStream unclosed(OutputStream out) {
    return new FilterOutputStream(out) {
      @Override
      public void write(byte[] bytes, int offset, int length) throws IOException {
        out.write(bytes, offset, length);
      }

      @Override
      public void close() throws IOException {
        flush();
      }
    };
  }

  private static Encoder<ILoggingEvent> encoder(Format format, LoggerContext context) {
    if (format == Format.JSON) {
      JsonLineEncoder json = new JsonLineEncoder();
      json.setContext(context);
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
