package io.github.scalingtoolkit.auth;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The parsed first segment of a token: the key it names, and its type. Nothing else in a header has an effect; parameters that
 * must have an effect ({@code crit} and the like) are refused, and keys or addresses in the header are refused
 * rather than ignored, because no honest token signed with a shared secret has them.
 */
final class Header {
  static final int MAX_BYTES = 1024;
  private static final int MAX_KEY_ID = 128;
  private static final List<String> REFUSED =
      List.of("crit", "b64", "zip", "enc", "jwk", "jku", "x5u", "x5c");
  private static final List<String> TEXTS = List.of("typ", "cty", "x5t", "x5t#S256");

  private final byte[] segment;
  private final SigningKey key;
  private final String typ;

  private Header(byte[] segment, SigningKey key, String typ) {
    this.segment = segment;
    this.key = key;
    this.typ = typ;
  }

  /** Reads {@code token[0..end)} and finds its key. */
  static Header read(byte[] token, int end, KeySet keys) {
    if (Base64Url.decodedLength(end) > MAX_BYTES) {
      throw Reject.as(RejectCode.TOO_LARGE);
    }
    byte[] json = new byte[end];
    int length = Base64Url.decode(token, 0, end, json, 0);
    if (length < 0) {
      throw Reject.as(RejectCode.MALFORMED);
    }
    Map<String, @Nullable Object> header = StrictJson.object(json, 0, length);
    for (String name : REFUSED) {
      if (header.containsKey(name)) {
        throw Reject.as(RejectCode.UNSUPPORTED_HEADER);
      }
    }
    for (String name : TEXTS) {
      if (header.containsKey(name) && !(header.get(name) instanceof String)) {
        throw Reject.as(RejectCode.MALFORMED);
      }
    }
    SigningKey key = key(header, keys);
    String typ = header.get("typ") instanceof String text ? text : "";
    return new Header(Arrays.copyOf(token, end), key, typ);
  }

  private static SigningKey key(Map<String, @Nullable Object> header, KeySet keys) {
    if (!(header.get("alg") instanceof String alg)) {
      throw Reject.as(RejectCode.MALFORMED);
    }
    if (!isAlgorithm(alg)) {
      throw Reject.as(RejectCode.WRONG_ALGORITHM);
    }
    if (!header.containsKey("kid")) {
      throw Reject.as(RejectCode.UNKNOWN_KEY);
    }
    if (!(header.get("kid") instanceof String id) || !isKeyId(id)) {
      throw Reject.as(RejectCode.MALFORMED);
    }
    SigningKey key = keys.find(id);
    if (key == null) {
      throw Reject.as(RejectCode.UNKNOWN_KEY);
    }
    if (!key.algorithm().name().equals(alg)) {
      throw Reject.as(RejectCode.WRONG_ALGORITHM);
    }
    return key;
  }

  private static boolean isAlgorithm(String alg) {
    for (Algorithm algorithm : Algorithm.values()) {
      if (algorithm.name().equals(alg)) {
        return true;
      }
    }
    return false;
  }

  static boolean isKeyId(String id) {
    return !id.isEmpty()
        && id.length() <= MAX_KEY_ID
        && id.chars().allMatch(c -> c >= ' ' && c <= '~');
  }

  boolean isOf(byte[] token, int end) {
    return Arrays.equals(segment, 0, segment.length, token, 0, end);
  }

  SigningKey key() {
    return key;
  }

  String typ() {
    return typ;
  }
}
