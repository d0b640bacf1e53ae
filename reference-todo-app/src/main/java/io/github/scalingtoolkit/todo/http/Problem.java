package io.github.scalingtoolkit.todo.http;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.undertow.util.StatusCodes;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * An error as the client sees it: RFC 9457's members, and {@code error}, which the tutorial's clients read.
 *
 * @param status the status code
 * @param error the error, in few words
 * @param detail what to do about it, or null
 * @param errors which fields are wrong; empty for none
 * @param headers further headers of the answer
 */
public record Problem(
    int status,
    String error,
    @Nullable String detail,
    List<FieldError> errors,
    Map<String, String> headers) {
  private static final JsonFactory JSON = new JsonFactory();
  private static final int TOO_MANY_REQUESTS = 429;

  /**
   * A field that is wrong.
   *
   * @param field its name
   * @param message why
   */
  public record FieldError(String field, String message) {}

  /** Copies the collections. */
  public Problem {
    errors = List.copyOf(errors);
    headers = Map.copyOf(headers);
  }

  /** Returns a problem of {@code status} with a short text. */
  public static Problem of(int status, String error) {
    return new Problem(status, error, null, List.of(), Map.of());
  }

  /** Returns the 401 with the error in the token or the credentials. */
  public static Problem unauthorized(String error) {
    return of(StatusCodes.UNAUTHORIZED, error).with("WWW-Authenticate", "Bearer");
  }

  /** Returns the 422 that names the wrong fields. */
  public static Problem invalid(List<FieldError> errors) {
    return new Problem(
        StatusCodes.UNPROCESSABLE_ENTITY, "Validation failed", null, errors, Map.of());
  }

  /** Returns the 404, in the tutorial's words. */
  public static Problem notFound() {
    return of(StatusCodes.NOT_FOUND, "Not found");
  }

  /** Returns the 503 with the time to retry: in whole seconds, at least 1. */
  public static Problem unavailable(String error, Duration retryAfter) {
    return of(StatusCodes.SERVICE_UNAVAILABLE, error).retryAfter(retryAfter);
  }

  /** Returns the 429 with the time to retry: in whole seconds, at least 1. */
  public static Problem tooMany(String error, Duration retryAfter) {
    return of(TOO_MANY_REQUESTS, error).retryAfter(retryAfter);
  }

  /** Returns this with the time to retry: in whole seconds, at least 1. */
  public Problem retryAfter(Duration wait) {
    return with("Retry-After", Long.toString(Math.max(1, (wait.toMillis() + 999) / 1000)));
  }

  /** Returns this with what to do about it. */
  public Problem detail(String detail) {
    return new Problem(status, error, detail, errors, headers);
  }

  /** Returns this with one more header. */
  public Problem with(String header, String value) {
    Map<String, String> more = new TreeMap<>(headers);
    more.put(header, value);
    return new Problem(status, error, detail, errors, more);
  }

  /** Returns the body. */
  byte[] json() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(160);
    try (JsonGenerator json = JSON.createGenerator(bytes)) {
      json.writeStartObject();
      json.writeStringField("type", "about:blank");
      json.writeStringField("title", StatusCodes.getReason(status));
      json.writeNumberField("status", status);
      if (detail != null) {
        json.writeStringField("detail", detail);
      }
      json.writeStringField("error", error);
      if (!errors.isEmpty()) {
        json.writeArrayFieldStart("errors");
        for (FieldError wrong : errors) {
          json.writeStartObject();
          json.writeStringField("field", wrong.field());
          json.writeStringField("message", wrong.message());
          json.writeEndObject();
        }
        json.writeEndArray();
      }
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }
}
