package io.github.scalingtoolkit.cache;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.exc.InvalidDefinitionException;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import java.io.IOException;
import java.util.Map;

final class JsonCodec<V> implements Codec<V> {
  private final ObjectWriter writer;
  private final ObjectReader reader;
  private final String type;

  JsonCodec(ObjectMapper mapper, JavaType type) {
    writer = mapper.writerFor(type);
    reader = mapper.readerFor(type);
    this.type = type.toCanonical();
  }

  /**
   * Tolerates what a newer version adds, and refuses what would have to be made up: a missing or null number is no zero.
   * Times keep their offset and zone.
   */
  static ObjectMapper plainMapper() {
    return new ObjectMapper()
        .registerModule(new JavaTimeModule())
        .registerModule(new Jdk8Module())
        .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
        .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
        .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
        .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
        .disable(DeserializationFeature.ADJUST_DATES_TO_CONTEXT_TIME_ZONE)
        .disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS)
        .disable(SerializationFeature.WRITE_DURATIONS_AS_TIMESTAMPS)
        .enable(SerializationFeature.WRITE_DATES_WITH_ZONE_ID);
  }

  @Override
  public byte[] encode(V value) {
    try {
      return writer.writeValueAsBytes(value);
    } catch (IOException e) {
      throw new CodecFailure(
          "cannot write " + value.getClass().getName() + " as JSON: " + place(e), e);
    }
  }

  @Override
  public V decode(byte[] bytes) {
    try {
      return reader.readValue(bytes);
    } catch (IOException e) {
      throw new CodecFailure("cannot read " + type + " from JSON: " + place(e), e);
    }
  }

  /** Jackson's own messages quote values, except those about types. */
  private static String place(IOException failure) {
    StringBuilder place = new StringBuilder(failure.getClass().getSimpleName());
    if (failure instanceof JsonMappingException mapping) {
      for (JsonMappingException.Reference step : mapping.getPath()) {
        Object from = step.getFrom();
        if (step.getFieldName() != null && !isMap(from)) {
          place.append(" at ").append(name(from)).append('.').append(step.getFieldName());
        }
      }
    }
    if (failure instanceof InvalidDefinitionException
        && failure instanceof JsonProcessingException types) {
      place.append(" (").append(types.getOriginalMessage()).append(')');
    }
    return place.toString();
  }

  private static boolean isMap(Object from) {
    return from instanceof Map<?, ?>
        || from instanceof Class<?> type && Map.class.isAssignableFrom(type);
  }

  private static String name(Object from) {
    return (from instanceof Class<?> type ? type : from.getClass()).getSimpleName();
  }
}
