package io.github.scalingtoolkit.auth;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;

/**
 * Strict base64url of RFC 7515 §2: no padding, no white space, no foreign alphabet, spare bits zero. So each
 * byte sequence has exactly one encoding and no token has a second spelling. {@link Base64} accepts padding and non-zero
 * spare bits, hence this decoder.
 */
final class Base64Url {
  private static final byte[] VALUES = values();

  private Base64Url() {}

  /** Returns how many bytes {@code length} characters hold, or -1 if no encoding is that long. */
  static int decodedLength(int length) {
    return (length & 3) == 1 ? -1 : (length >> 2) * 3 + ((length & 3) * 3 >> 2);
  }

  /**
   * Decodes {@code source[from..to)} into {@code target} at {@code at}, which may be the same array at {@code from} or
   * before it.
   *
   * @return the number of bytes written, or -1 if the input is not strict base64url
   */
  static int decode(byte[] source, int from, int to, byte[] target, int at) {
    int rest = (to - from) & 3;
    if (rest == 1) {
      return -1;
    }
    int out = at;
    int in = from;
    int seen = 0;
    for (int end = to - rest; in < end; in += 4) {
      int a = VALUES[source[in] & 0xFF];
      int b = VALUES[source[in + 1] & 0xFF];
      int c = VALUES[source[in + 2] & 0xFF];
      int d = VALUES[source[in + 3] & 0xFF];
      seen |= a | b | c | d;
      int bits = a << 18 | b << 12 | c << 6 | d;
      target[out] = (byte) (bits >> 16);
      target[out + 1] = (byte) (bits >> 8);
      target[out + 2] = (byte) bits;
      out += 3;
    }
    if (rest >= 2) {
      int a = VALUES[source[in] & 0xFF];
      int b = VALUES[source[in + 1] & 0xFF];
      int c = rest == 3 ? VALUES[source[in + 2] & 0xFF] : 0;
      seen |= a | b | c;
      int bits = a << 18 | b << 12 | c << 6;
      int spare = rest == 3 ? 0xFF : 0xFFFF;
      if ((bits & spare) != 0) {
        return -1;
      }
      target[out++] = (byte) (bits >> 16);
      if (rest == 3) {
        target[out++] = (byte) (bits >> 8);
      }
    }
    // A foreign character has the value -1, which alone sets the sign.
    return seen < 0 ? -1 : out - at;
  }

  static String encode(byte[] bytes) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  static String encode(String utf8) {
    return encode(utf8.getBytes(StandardCharsets.UTF_8));
  }

  private static byte[] values() {
    byte[] values = new byte[256];
    Arrays.fill(values, (byte) -1);
    String alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (int i = 0; i < alphabet.length(); i++) {
      values[alphabet.charAt(i)] = (byte) i;
    }
    return values;
  }
}
