package io.github.scalingtoolkit.todo.domain;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.io.SerializedString;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.core.util.ByteArrayBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.util.List;

/**
 * Writes todos as clients see them, in UTF-8: {@code _id title completed order userId createdAt updatedAt}, in this order,
 * {@code order} only where there is one, times as ISO 8601 with milliseconds and Z.
 */
public final class TodoJson {
  private static final JsonFactory FACTORY = JsonFactory.builder()
      .enable(JsonWriteFeature.COMBINE_UNICODE_SURROGATES_IN_UTF8)
      .build();
  private static final DateTimeFormatter TIME =
      new DateTimeFormatterBuilder().appendInstant(3).toFormatter();
  private static final int BYTES_A_TODO = 192;
  private static final double MOST_EXACT = 1L << 53;

  private static final SerializedString ID = new SerializedString("_id");
  private static final SerializedString TITLE = new SerializedString("title");
  private static final SerializedString COMPLETED = new SerializedString("completed");
  private static final SerializedString ORDER = new SerializedString("order");
  private static final SerializedString USER_ID = new SerializedString("userId");
  private static final SerializedString CREATED_AT = new SerializedString("createdAt");
  private static final SerializedString UPDATED_AT = new SerializedString("updatedAt");

  private TodoJson() {}

  /** Returns one todo as a JSON object. */
  public static byte[] write(Todo todo) {
    return write(BYTES_A_TODO, json -> write(json, todo));
  }

  /** Returns todos as a bare JSON array. */
  public static byte[] write(List<Todo> todos) {
    return write(BYTES_A_TODO * (todos.size() + 1), json -> {
      json.writeStartArray();
      for (Todo todo : todos) {
        write(json, todo);
      }
      json.writeEndArray();
    });
  }

  private static void write(JsonGenerator json, Todo todo) throws IOException {
    json.writeStartObject();
    json.writeFieldName(ID);
    json.writeString(todo.id().hex());
    json.writeFieldName(TITLE);
    json.writeString(todo.title());
    json.writeFieldName(COMPLETED);
    json.writeBoolean(todo.completed());
    Double order = todo.order();
    if (order != null) {
      json.writeFieldName(ORDER);
      writeNumber(json, order);
    }
    json.writeFieldName(USER_ID);
    json.writeString(todo.userId().value());
    json.writeFieldName(CREATED_AT);
    json.writeString(TIME.format(todo.createdAt()));
    json.writeFieldName(UPDATED_AT);
    json.writeString(TIME.format(todo.updatedAt()));
    json.writeEndObject();
  }

  /** A client that sent 3 gets 3 and not 3.0. */
  private static void writeNumber(JsonGenerator json, double number) throws IOException {
    if (number == Math.rint(number) && Math.abs(number) <= MOST_EXACT) {
      json.writeNumber((long) number);
    } else {
      json.writeNumber(number);
    }
  }

  private static byte[] write(int expectedBytes, Content content) {
    try (ByteArrayBuilder bytes = new ByteArrayBuilder(expectedBytes)) {
      try (JsonGenerator json = FACTORY.createGenerator(bytes)) {
        content.writeTo(json);
      }
      return bytes.toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException("a todo could not be written as JSON", e);
    }
  }

  @FunctionalInterface
  private interface Content {
    void writeTo(JsonGenerator json) throws IOException;
  }
}
