package io.github.scalingtoolkit.queue;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Payloads as JSON. No polymorphic types: the worker's code decides the class of a payload, never the stored bytes. */
final class JsonPayload<P> implements PayloadCodec<P> {
  static final ObjectMapper MAPPER = JsonMapper.builder()
      .findAndAddModules()
      // During a rollout the previous version gets payloads of the next one.
      .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
      .build();

  private final ObjectMapper mapper;
  private final JavaType type;
  private final ObjectWriter writer;
  private final ObjectReader reader;

  JsonPayload(ObjectMapper mapper, JavaType type) {
    this.mapper = mapper;
    this.type = type;
    writer = mapper.writer();
    reader = mapper.readerFor(type);
  }

  @Override
  public byte[] encode(P payload) throws IOException {
    return writer.writeValueAsBytes(payload);
  }

  @Override
  public P decode(byte[] bytes, int version) throws IOException {
    P payload = reader.readValue(bytes);
    if (payload == null) {
      throw new IOException("the payload is null");
    }
    return payload;
  }

  /** So that two job types that were made in the same way are equal. */
  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof JsonPayload<?> json && json.mapper == mapper && json.type.equals(type);
  }

  @Override
  public int hashCode() {
    return type.hashCode();
  }
}
