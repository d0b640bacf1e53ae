package io.github.scalingtoolkit.benchmarks.load;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Finds the end of an HTTP/1.1 answer in the bytes of one connection, and checks it. Takes answers with a
 * Content-Length, as the services that are measured send them, and refuses others by name.
 *
 * <p>Used by one thread.
 */
final class Answers {
  private static final int MOST_BYTES = 16 * 1024 * 1024;
  private static final byte[] LENGTH = "\r\ncontent-length:".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] CLOSE = "\r\nconnection: close".getBytes(StandardCharsets.US_ASCII);

  private byte[] bytes = new byte[8 * 1024];
  private int filled;
  private int headEnd;
  private int bodyLength;
  private boolean last;

  /** Returns where to read to: at least one byte is free behind {@link #filled()}. */
  byte[] room() {
    if (filled == bytes.length) {
      if (filled >= MOST_BYTES) {
        throw new IllegalStateException("an answer has more than " + MOST_BYTES + " bytes");
      }
      bytes = Arrays.copyOf(bytes, bytes.length * 2);
    }
    return bytes;
  }

  int filled() {
    return filled;
  }

  /** Takes note of {@code count} bytes read, and tells whether the answer is whole. */
  boolean read(int count) {
    int searchFrom = Math.max(0, filled - 3);
    filled += count;
    if (headEnd == 0) {
      headEnd = endOfHead(searchFrom);
      if (headEnd == 0) {
        return false;
      }
      readHead();
    }
    return filled >= headEnd + bodyLength;
  }

  /** Returns null if the whole answer is as {@code call} wants it, else what is wrong with it. */
  @org.jspecify.annotations.Nullable
  String problem(Call call) {
    if (filled > headEnd + bodyLength) {
      return "bytes after the answer's end";
    }
    int status = (bytes[9] - '0') * 100 + (bytes[10] - '0') * 10 + bytes[11] - '0';
    if (status != call.status()) {
      return "status " + status + " where " + call.status() + " was expected: " + shownBody();
    }
    if (!call.body().fits(bytes, headEnd, bodyLength)) {
      return "another body than expected: " + shownBody();
    }
    return null;
  }

  /** Tells whether the server announced that it closes the connection. */
  boolean last() {
    return last;
  }

  /** Forgets the answer, for the next. */
  void clear() {
    filled = 0;
    headEnd = 0;
    bodyLength = 0;
    last = false;
  }

  private int endOfHead(int from) {
    for (int i = from; i + 3 < filled; i++) {
      if (bytes[i] == '\r'
          && bytes[i + 1] == '\n'
          && bytes[i + 2] == '\r'
          && bytes[i + 3] == '\n') {
        return i + 4;
      }
    }
    return 0;
  }

  private void readHead() {
    int at = find(LENGTH);
    if (at < 0) {
      throw new IllegalStateException("an answer without Content-Length: "
          + new String(bytes, 0, Math.min(filled, 200), StandardCharsets.ISO_8859_1));
    }
    int length = 0;
    for (int i = at + LENGTH.length; bytes[i] != '\r'; i++) {
      if (bytes[i] >= '0' && bytes[i] <= '9') {
        length = Math.addExact(Math.multiplyExact(length, 10), bytes[i] - '0');
      }
    }
    bodyLength = length;
    last = find(CLOSE) >= 0;
  }

  /** Finds {@code lower}, which starts with a line's end and is in lower case. */
  private int find(byte[] lower) {
    for (int i = 0; i + lower.length <= headEnd; i++) {
      if (bytes[i] == '\r' && matches(lower, i)) {
        return i;
      }
    }
    return -1;
  }

  private boolean matches(byte[] lower, int at) {
    for (int j = 0; j < lower.length; j++) {
      byte found = bytes[at + j];
      if (found != lower[j] && (found < 'A' || found > 'Z' || found + 32 != lower[j])) {
        return false;
      }
    }
    return true;
  }

  private String shownBody() {
    int length = Math.min(120, Math.min(bodyLength, filled - headEnd));
    return new String(bytes, headEnd, length, StandardCharsets.UTF_8);
  }
}
