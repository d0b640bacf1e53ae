package io.github.scalingtoolkit.cache;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The format of an entry's bytes: {@code V+} and a value, {@code V-} for a null, {@code L} and a lease's token, {@code T} and
 * the records of writers.
 */
final class Entries {
  static final byte VALUE = 'V';
  static final byte LEASE = 'L';
  static final byte TOMBSTONE = 'T';

  /** How many bytes come before those of the codec. */
  static final int HEADER = 2;

  private static final byte PRESENT = '+';
  private static final byte NULL = '-';

  private Entries() {}

  /** Returns the kind, or another number for bytes that are not an entry. */
  static byte kind(byte[] entry) {
    return entry.length == 0 ? 0 : entry[0];
  }

  static String leaseToken(byte[] entry) {
    return new String(entry, 1, entry.length - 1, StandardCharsets.US_ASCII);
  }

  static byte[] lease(String token) {
    return ("L" + token).getBytes(StandardCharsets.US_ASCII);
  }

  static <V> byte[] value(Codec<V> codec, @Nullable V value) {
    if (value == null) {
      return new byte[] {VALUE, NULL};
    }
    byte[] payload = codec.encode(value);
    byte[] entry = new byte[payload.length + HEADER];
    entry[0] = VALUE;
    entry[1] = PRESENT;
    System.arraycopy(payload, 0, entry, HEADER, payload.length);
    return entry;
  }

  /**
   * Returns the value of an entry.
   *
   * @throws RuntimeException if its bytes cannot be decoded; whatever else a codec throws may come as well
   */
  static <V> Cached<V> decode(Codec<V> codec, byte[] entry) {
    if (entry.length == HEADER && entry[1] == NULL) {
      return new Cached<>(null, Outcome.L2_HIT);
    }
    if (entry.length < HEADER || entry[1] != PRESENT) {
      throw new CodecFailure("the entry has another format", null);
    }
    V value = codec.decode(Arrays.copyOfRange(entry, HEADER, entry.length));
    if (value == null) {
      throw new CodecFailure("the codec decoded the value as null", null);
    }
    return new Cached<>(value, Outcome.L2_HIT);
  }
}
