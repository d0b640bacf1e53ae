package io.github.scalingtoolkit.cache;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;

/**
 * Turns values into the bytes that Redis keeps, and back.
 *
 * <p>Implementations are safe for use by several threads. Give a cache a new name when its format changes: bytes that
 * cannot be decoded count as a miss and are replaced, so two versions in one deployment would replace each other's.
 */
public interface Codec<V> {
  /** Returns the bytes for {@code value}, which is never null. */
  byte[] encode(V value);

  /**
   * Returns the value for bytes that {@link #encode} made, or once made in an earlier version.
   *
   * @throws RuntimeException if it cannot; the cache treats that as a miss, logs it once and counts it
   */
  V decode(byte[] bytes);

  /**
   * Returns a codec of JSON for {@code type}, which suits versions of a type beside each other. Unknown fields are
   * ignored. A property of a constructor or record that is missing, and null for a primitive, cannot be decoded, so that
   * no value is made up. It knows {@code java.time} and {@code Optional}.
   */
  static <V> Codec<V> json(Class<V> type) {
    ObjectMapper mapper = JsonCodec.plainMapper();
    return new JsonCodec<>(mapper, mapper.constructType(type));
  }

  /** As {@link #json(Class)}, for a type with arguments: {@code json(new TypeReference<List<Todo>>() {})}. */
  static <V> Codec<V> json(TypeReference<V> type) {
    return json(JsonCodec.plainMapper(), type);
  }

  /** Returns a codec of JSON by your own mapper. It must have no polymorphic default typing: Redis is not trusted. */
  static <V> Codec<V> json(ObjectMapper mapper, TypeReference<V> type) {
    return new JsonCodec<>(mapper, mapper.constructType(type));
  }

  /** Returns a codec that stores byte arrays as they are. Do not change an array after you gave or got it. */
  static Codec<byte[]> bytes() {
    return BytesCodec.INSTANCE;
  }

  /** Returns a codec of text. */
  static Codec<String> utf8() {
    return Utf8Codec.INSTANCE;
  }
}
