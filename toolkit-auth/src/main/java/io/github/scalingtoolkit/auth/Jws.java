package io.github.scalingtoolkit.auth;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One token in JWS compact serialization (RFC 7515 §3.1), cut into its three segments. One array serves for all: the MAC
 * is taken over its front, and afterwards the claims are decoded in place.
 *
 * <p>Used by one thread, in this order: {@link #split}, {@link #authenticate}, {@link #claims}.
 */
final class Jws {
  static final int MAX_CHARACTERS = 8192;

  private final byte[] bytes;
  private final int headerEnd;
  private final int payloadEnd;

  private Jws(byte[] bytes, int headerEnd, int payloadEnd) {
    this.bytes = bytes;
    this.headerEnd = headerEnd;
    this.payloadEnd = payloadEnd;
  }

  /** Checks the size before anything else, then for exactly two dots. */
  static Jws split(CharSequence token) {
    if (token.length() > MAX_CHARACTERS) {
      throw Reject.as(RejectCode.TOO_LARGE);
    }
    // A character beyond Latin-1 becomes '?', which is not in the alphabet.
    byte[] bytes = token.toString().getBytes(StandardCharsets.ISO_8859_1);
    int first = dot(bytes, 0);
    int second = first < 0 ? -1 : dot(bytes, first + 1);
    boolean threeSegments = second >= 0 && dot(bytes, second + 1) < 0;
    if (!threeSegments || first == 0 || second == first + 1) {
      throw Reject.as(RejectCode.MALFORMED);
    }
    return new Jws(bytes, first, second);
  }

  private static int dot(byte[] bytes, int from) {
    for (int i = from; i < bytes.length; i++) {
      if (bytes[i] == '.') {
        return i;
      }
    }
    return -1;
  }

  /** Returns the token's exact bytes, as long as {@link #claims} has not been called. */
  byte[] bytes() {
    return bytes;
  }

  Header header(KnownHeaders known, KeySet keys) {
    Header header = known.find(bytes, headerEnd);
    return header != null ? header : Header.read(bytes, headerEnd, keys);
  }

  /** Returns if, and only if, the last segment is the signature of the first two by the header's key. */
  void authenticate(SigningKey key) {
    int from = payloadEnd + 1;
    int length = bytes.length - from;
    byte[] signature = new byte[key.algorithm().signatureBytes()];
    if (Base64Url.decodedLength(length) != signature.length
        || Base64Url.decode(bytes, from, bytes.length, signature, 0) < 0
        || !key.verifies(bytes, 0, payloadEnd, signature)) {
      throw Reject.as(RejectCode.BAD_SIGNATURE);
    }
  }

  /** Returns how many bytes the payload has, which afterwards lie in {@link #bytes} at {@link #payloadStart}. */
  int decodePayload() {
    int length = Base64Url.decode(bytes, payloadStart(), payloadEnd, bytes, payloadStart());
    if (length < 0) {
      throw Reject.as(RejectCode.MALFORMED);
    }
    return length;
  }

  int payloadStart() {
    return headerEnd + 1;
  }

  Map<String, @Nullable Object> claims() {
    int length = decodePayload();
    return StrictJson.object(bytes, payloadStart(), length);
  }
}
