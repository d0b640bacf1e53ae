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

  private static final byte PRESENT = '+';
  private static final byte NULL = '-';

  private Entries() {}

  /** Returns the kind, or 0 for bytes that are not an entry. */
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
    byte[] entry = new byte[payload.length + 2];
    entry[0] = VALUE;
    entry[1] = PRESENT;
    System.arraycopy(payload, 0, entry, 2, payload.length);
    return entry;
  }

  /** Returns the value, or null if the bytes of a value cannot be decoded. */
  static <V> @Nullable Cached<V> decode(Codec<V> codec, byte[] entry) {
    if (entry.length == 2 && entry[1] == NULL) {
      return new Cached<>(null, Outcome.L2_HIT);
    }
    if (entry.length < 2 || entry[1] != PRESENT) {
      return null;
    }
    try {
      return new Cached<>(codec.decode(Arrays.copyOfRange(entry, 2, entry.length)), Outcome.L2_HIT);
    } catch (RuntimeException undecodable) {
      return null;
    }
  }
}
