package io.github.scalingtoolkit.todo.logging;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.encoder.EncoderBase;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.util.HashSet;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Writes an event as one JSON object in a line: {@code timestamp} (ISO 8601 with milliseconds and Z), {@code level}, {@code
 * logger}, {@code thread} and {@code message}, where collectors look for them; each {@code key=value} of the message once
 * more as a field; and {@code error}, the class of an exception.
 */
final class JsonLineEncoder extends EncoderBase<ILoggingEvent> {
  private static final JsonFactory JSON = new JsonFactory();
  private static final DateTimeFormatter TIME =
      new DateTimeFormatterBuilder().appendInstant(3).toFormatter();
  private static final Pattern PAIR =
      Pattern.compile("(?<!\\S)([A-Za-z][A-Za-z0-9_.-]*)=(?:\"([^\"]*)\"|(\\S*))");

  @Override
  public byte[] headerBytes() {
    return new byte[0];
  }

  @Override
  public byte[] footerBytes() {
    return new byte[0];
  }

  @Override
  public byte[] encode(ILoggingEvent event) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
    try (JsonGenerator json = JSON.createGenerator(bytes)) {
      json.writeStartObject();
      Set<String> written = new HashSet<>();
      field(json, written, "timestamp", TIME.format(event.getInstant()));
      field(json, written, "level", event.getLevel().toString());
      field(json, written, "logger", event.getLoggerName());
      field(json, written, "thread", event.getThreadName());
      field(json, written, "message", event.getFormattedMessage());
      if (event.getThrowableProxy() != null) {
        field(json, written, "error", event.getThrowableProxy().getClassName());
      }
      Matcher pair = PAIR.matcher(event.getFormattedMessage());
      while (pair.find()) {
        field(json, written, pair.group(1), pair.group(2) != null ? pair.group(2) : pair.group(3));
      }
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    bytes.write('\n');
    return bytes.toByteArray();
  }

  /** The first of a name counts: two would make a line that parsers read differently. */
  private static void field(JsonGenerator json, Set<String> written, String name, String value)
      throws IOException {
    if (written.add(name)) {
      json.writeStringField(name, value);
    }
  }
}
