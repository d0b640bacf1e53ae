package io.github.scalingtoolkit.queue;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;

/**
 * Turns payloads of one job type into the bytes that Redis keeps, and back: for another format than JSON, for compression
 * or encryption, and for payloads that have changed.
 *
 * <p>Implementations are safe for use by several threads.
 *
 * @param <P> the payload
 */
public interface PayloadCodec<P> {
  /**
   * Returns the bytes for {@code payload}, which is never null.
   *
   * @throws Exception if it cannot; the enqueue fails with a {@link QueueException} that has it as its cause
   */
  byte[] encode(P payload) throws Exception;

  /**
   * Returns the payload for bytes that {@link #encode} made, here or in another process.
   *
   * @param version the {@link JobType#version} of the process that wrote them: that of this process or an older one
   * @throws Exception if it cannot; the job then waits for a worker that can, and no attempt is counted
   */
  P decode(byte[] bytes, int version) throws Exception;

  /** Returns a codec of JSON for {@code type}. Unknown fields are ignored, so that older workers can read new payloads. */
  static <P> PayloadCodec<P> json(Class<P> type) {
    return new JsonPayload<>(JsonPayload.MAPPER, JsonPayload.MAPPER.constructType(type));
  }

  /** As {@link #json(Class)}, for a type with arguments: {@code json(new TypeReference<List<Email>>() {})}. */
  static <P> PayloadCodec<P> json(TypeReference<P> type) {
    return new JsonPayload<>(JsonPayload.MAPPER, JsonPayload.MAPPER.constructType(type));
  }

  /**
   * Returns a codec of JSON by your own mapper, which is used as it is: whether unknown fields are ignored is up to it. It
   * must have no polymorphic default typing, because Redis is not trusted.
   */
  static <P> PayloadCodec<P> json(ObjectMapper mapper, TypeReference<P> type) {
    return new JsonPayload<>(mapper, mapper.constructType(type));
  }

  /** Returns a codec that stores byte arrays as they are. Do not change an array after you gave or got it. */
  static PayloadCodec<byte[]> bytes() {
    return BytesPayload.INSTANCE;
  }
}
