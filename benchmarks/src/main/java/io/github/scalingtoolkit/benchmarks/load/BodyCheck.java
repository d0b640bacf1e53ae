package io.github.scalingtoolkit.benchmarks.load;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** What a body must look like. Called once an answer, on the generator's thread: it must be cheap. */
@FunctionalInterface
public interface BodyCheck {
  /** Tells whether the {@code length} bytes of {@code buffer} from {@code from} on are such a body. */
  boolean fits(byte[] buffer, int from, int length);

  /** Takes exactly {@code expected}. */
  static BodyCheck equalTo(byte[] expected) {
    byte[] wanted = expected.clone();
    return (buffer, from, length) ->
        Arrays.equals(buffer, from, from + length, wanted, 0, wanted.length);
  }

  /** Takes a body that begins with {@code start}. */
  static BodyCheck startingWith(String start) {
    byte[] wanted = start.getBytes(StandardCharsets.UTF_8);
    return (buffer, from, length) -> length >= wanted.length
        && Arrays.equals(buffer, from, from + wanted.length, wanted, 0, wanted.length);
  }

  /** Takes a body in which {@code part} is found. */
  static BodyCheck containing(String part) {
    byte[] wanted = part.getBytes(StandardCharsets.UTF_8);
    return (buffer, from, length) -> {
      for (int at = from; at <= from + length - wanted.length; at++) {
        if (Arrays.equals(buffer, at, at + wanted.length, wanted, 0, wanted.length)) {
          return true;
        }
      }
      return false;
    };
  }
}
