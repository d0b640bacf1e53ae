package io.github.scalingtoolkit.auth;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Makes tokens that are nearly good, the same ones for the same seed. Used by one thread. */
final class Mutator {
  private static final List<String> PIECES = List.of(
      "{",
      "}",
      "[",
      "]",
      ",",
      ":",
      "\"",
      "\\",
      "\\u",
      "\\ud800",
      "\\u0000",
      "null",
      "true",
      "1e5",
      "1e400",
      "-",
      "0",
      "00",
      ".5",
      "99999999999999999999",
      "\"exp\":1,",
      "\"crit\":[null],",
      "\"alg\":\"none\",",
      "\"typ\":null,",
      "\"x\":[[[[[[[[]]]]]]]],",
      "\"aud\":[],",
      "\"nbf\":1e9,",
      "\"scope\":\"a b\",",
      "\"b64\":false,",
      "\uFEFF",
      " ",
      "\n",
      "\t",
      "é",
      "😀",
      "\0",
      "=",
      "?",
      "+",
      "/",
      ".",
      "..",
      "\"y\":{\"z\":-0.0},",
      "\"kid\":\"\",",
      "\"cty\":\"JWT\",",
      "\"x5t\":\"a\",",
      "\"w\":\"\\ud83d\\ude00\",",
      "\"v\":12345678901234567890,",
      "\"exp\":\"1\",",
      "\"iat\":1.5,");
  private static final List<String> PAYLOADS = List.of(
      Tokens.CLAIMS,
      Tokens.claims(",\"scope\":\"todo:read todo:write\",\"nbf\":" + Tokens.NOW),
      Tokens.claims(
          ",\"tenant\":{\"id\":5,\"name\":\"zoë\",\"roles\":[\"a\",\"b\",{\"c\":1.25e3}]},\"ok\":true"),
      Tokens.CLAIMS.replace(
          "\"" + Tokens.AUDIENCE + "\"", "[\"other\",\"" + Tokens.AUDIENCE + "\"]"));
  private static final List<String> HEADERS = List.of(
      Tokens.HEADER,
      Tokens.HEADER.replace("at+jwt", "application/at+jwt"),
      Tokens.HEADER.replace("{", "{\"x5t\":\"abc\",\"own\":[1,{\"a\":null}],"));

  private final Random random;

  Mutator(Random random) {
    this.random = random;
  }

  /** A token whose header and claims were changed before it was signed: only the parsers stand in its way. */
  String resigned() {
    byte[] header = one(HEADERS).getBytes(StandardCharsets.UTF_8);
    byte[] claims = one(PAYLOADS).getBytes(StandardCharsets.UTF_8);
    int times = random.nextInt(3);
    for (int i = 0; i < times; i++) {
      if (random.nextInt(4) == 0) {
        header = changed(header);
      } else {
        claims = changed(claims);
      }
    }
    return Tokens.signed(Tokens.KEY, header, claims);
  }

  /** A token that was changed after it was signed. */
  String tampered() {
    byte[] token = Tokens.signed(one(HEADERS), one(PAYLOADS)).getBytes(StandardCharsets.ISO_8859_1);
    int times = 1 + random.nextInt(4);
    for (int i = 0; i < times; i++) {
      token = changed(token);
    }
    return new String(
        token, random.nextBoolean() ? StandardCharsets.ISO_8859_1 : StandardCharsets.UTF_8);
  }

  /** Characters without sense, of any length up to beyond the limit. */
  String junk() {
    int length = 1 << random.nextInt(14);
    StringBuilder junk = new StringBuilder(length);
    int range = random.nextBoolean() ? 128 : 0x10000;
    for (int i = 0; i < length; i++) {
      junk.append(random.nextInt(8) == 0 ? '.' : (char) random.nextInt(range));
    }
    return junk.toString();
  }

  private byte[] changed(byte[] bytes) {
    int at = bytes.length == 0 ? 0 : random.nextInt(bytes.length);
    switch (random.nextInt(6)) {
      case 0: // another byte
        byte[] other = bytes.clone();
        if (other.length > 0) {
          other[at] = (byte) random.nextInt(256);
        }
        return other;
      case 1: // one bit
        byte[] flipped = bytes.clone();
        if (flipped.length > 0) {
          flipped[at] ^= (byte) (1 << random.nextInt(8));
        }
        return flipped;
      case 2: // less
        int end = Math.min(bytes.length, at + 1 + random.nextInt(8));
        return joined(
            Arrays.copyOf(bytes, at), new byte[0], Arrays.copyOfRange(bytes, end, bytes.length));
      case 3: // a part again
        int to = Math.min(bytes.length, at + random.nextInt(40));
        return joined(
            Arrays.copyOf(bytes, at),
            Arrays.copyOfRange(bytes, at, to),
            Arrays.copyOfRange(bytes, at, bytes.length));
      case 4: // a piece at the start of the object, where it often fits
        byte[] piece = one(PIECES).getBytes(StandardCharsets.UTF_8);
        int start = Math.min(1, bytes.length);
        return joined(
            Arrays.copyOf(bytes, start), piece, Arrays.copyOfRange(bytes, start, bytes.length));
      default: // a piece anywhere
        return joined(
            Arrays.copyOf(bytes, at),
            one(PIECES).getBytes(StandardCharsets.UTF_8),
            Arrays.copyOfRange(bytes, at, bytes.length));
    }
  }

  private static byte[] joined(byte[] first, byte[] second, byte[] third) {
    byte[] all = Arrays.copyOf(first, first.length + second.length + third.length);
    System.arraycopy(second, 0, all, first.length, second.length);
    System.arraycopy(third, 0, all, first.length + second.length, third.length);
    return all;
  }

  private <T> T one(List<T> of) {
    return of.get(random.nextInt(of.size()));
  }
}
