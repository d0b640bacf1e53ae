package io.github.scalingtoolkit.core.settings;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * User and password from a URL: the percent-encoded text before its {@code @}.
 *
 * <p>Immutable. {@link #toString()} shows neither.
 *
 * @param user the user, or null if none is named
 * @param password its password, or null if there is no colon
 */
public record UrlCredentials(
    @Nullable String user, @Nullable Secret password) {
  /** The characters that would end the part, or begin an encoding. */
  private static final String ENDS_A_PART = ":/?#@";

  private static final int LARGEST_ASCII_CONTROL = 0x1F;

  /**
   * Reads {@code user}, {@code user:password} or {@code :password}. Pass the text between {@code //} and the
   * <em>last</em> {@code @} of a URL: then an {@code @} that was not encoded is found here.
   *
   * @throws IllegalArgumentException if a character of user or password must be percent-encoded and is not; the message
   *     says which of the two holds which character and how it is written, and shows nothing else of them
   */
  public static UrlCredentials parse(String text) {
    int colon = text.indexOf(':');
    String user = decoded("user", colon < 0 ? text : text.substring(0, colon));
    return new UrlCredentials(
        user.isEmpty() ? null : user,
        colon < 0 ? null : Secret.of(decoded("password", text.substring(colon + 1))));
  }

  private static String decoded(String part, String text) {
    Set<Character> raw = new LinkedHashSet<>();
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    ByteBuffer bytes = ByteBuffer.allocate(utf8.length);
    for (int i = 0; i < utf8.length; i++) {
      char c = (char) (utf8[i] & 0xFF);
      if (c == '%') {
        int high = digit(utf8, i + 1);
        int low = digit(utf8, i + 2);
        if (high >= 0 && low >= 0) {
          bytes.put((byte) (high << 4 | low));
          i += 2;
          continue;
        }
      }
      if (c == '%' || c <= ' ' || c == 0x7F || ENDS_A_PART.indexOf(c) >= 0) {
        raw.add(c);
      }
      bytes.put(utf8[i]);
    }
    if (!raw.isEmpty()) {
      throw new IllegalArgumentException("the " + part + " holds "
          + joined(raw, UrlCredentials::shown) + ": percent-encode it as "
          + joined(raw, c -> String.format("%%%02X", (int) c)));
    }
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(bytes.flip()).toString();
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException(
          "the " + part + " is not UTF-8 once decoded: percent-encode it as UTF-8", e);
    }
  }

  private static int digit(byte[] text, int at) {
    return at < text.length ? Character.digit(text[at], 16) : -1;
  }

  private static String joined(Set<Character> characters, Function<Character, String> as) {
    return characters.stream().map(as).collect(Collectors.joining(" and "));
  }

  private static String shown(char c) {
    return c == ' '
        ? "a space"
        : c <= LARGEST_ASCII_CONTROL || c == 0x7F ? "a control character" : "'" + c + "'";
  }

  /** Shows neither user nor password. */
  @Override
  public String toString() {
    return "UrlCredentials[hidden]";
  }
}
