package io.github.scalingtoolkit.auth;

import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads one JSON object by RFC 8259, and refuses everything on which two readers could differ: a name given twice
 * at any level (compared after unescaping), bytes before or after the object (a byte order mark among them), invalid
 * UTF-8, lone surrogates, unescaped control characters, nesting beyond {@link #MAX_DEPTH}, numbers beyond
 * {@link #MAX_DIGITS} digits or beyond a double's range.
 *
 * <p>Our own code rather than a library's because it must be strict: a general reader skips a byte order mark,
 * decodes overlong UTF-8 or keeps huge exponents, and each of those would need a second pass over the bytes.
 *
 * <p>Values are {@code String}, {@code Long}, {@code BigDecimal} (if it does not fit a {@code long}), {@code Boolean}, {@code null},
 * and unmodifiable {@code List} and {@code Map} of those. Throws {@link Reject} with {@link RejectCode#MALFORMED} only.
 */
final class StrictJson {
  static final int MAX_DEPTH = 8;
  static final int MAX_DIGITS = 20;
  private static final int MAX_EXPONENT_DIGITS = 3;

  private final byte[] bytes;
  private final int end;
  private int at;

  private StrictJson(byte[] bytes, int from, int end) {
    this.bytes = bytes;
    this.at = from;
    this.end = end;
  }

  static Map<String, @Nullable Object> object(byte[] bytes, int from, int length) {
    StrictJson reader = new StrictJson(bytes, from, from + length);
    reader.skipSpace();
    Map<String, @Nullable Object> object = reader.object(1);
    reader.skipSpace();
    if (reader.at != reader.end) {
      throw malformed();
    }
    return object;
  }

  private Map<String, @Nullable Object> object(int depth) {
    expect('{');
    Map<String, @Nullable Object> members = new LinkedHashMap<>();
    skipSpace();
    if (peek() == '}') {
      at++;
      return Collections.unmodifiableMap(members);
    }
    while (true) {
      skipSpace();
      String name = name();
      skipSpace();
      expect(':');
      skipSpace();
      int before = members.size();
      members.put(name, value(depth));
      if (members.size() == before) {
        throw malformed();
      }
      skipSpace();
      if (peek() == ',') {
        at++;
      } else {
        expect('}');
        return Collections.unmodifiableMap(members);
      }
    }
  }

  private List<@Nullable Object> array(int depth) {
    expect('[');
    List<@Nullable Object> elements = new ArrayList<>(4);
    skipSpace();
    if (peek() == ']') {
      at++;
      return Collections.unmodifiableList(elements);
    }
    while (true) {
      skipSpace();
      elements.add(value(depth));
      skipSpace();
      if (peek() == ',') {
        at++;
      } else {
        expect(']');
        return Collections.unmodifiableList(elements);
      }
    }
  }

  private @Nullable Object value(int depth) {
    switch (peek()) {
      case '"':
        return string();
      case '{':
        requireDepth(depth + 1);
        return object(depth + 1);
      case '[':
        requireDepth(depth + 1);
        return array(depth + 1);
      case 't':
        literal("true");
        return Boolean.TRUE;
      case 'f':
        literal("false");
        return Boolean.FALSE;
      case 'n':
        literal("null");
        return null;
      default:
        return number();
    }
  }

  private static void requireDepth(int depth) {
    if (depth > MAX_DEPTH) {
      throw malformed();
    }
  }

  private void literal(String text) {
    for (int i = 0; i < text.length(); i++) {
      expect(text.charAt(i));
    }
  }

  /** Number grammar of RFC 8259 §6: no plus sign, no leading zero, a digit on each side of the point. */
  private Number number() {
    int start = at;
    boolean negative = peek() == '-';
    if (negative) {
      at++;
    }
    int firstDigit = at;
    int digits = digits();
    if (digits > 1 && bytes[firstDigit] == '0') {
      throw malformed();
    }
    boolean whole = true;
    if (peek() == '.') {
      whole = false;
      at++;
      digits += digits();
    }
    if (digits > MAX_DIGITS) {
      throw malformed();
    }
    if (peek() == 'e' || peek() == 'E') {
      whole = false;
      at++;
      if (peek() == '+' || peek() == '-') {
        at++;
      }
      if (digits() > MAX_EXPONENT_DIGITS) {
        throw malformed();
      }
    }
    if (whole && digits < 19) {
      long value = 0;
      for (int i = firstDigit; i < at; i++) {
        value = value * 10 + (bytes[i] - '0');
      }
      return negative ? -value : value;
    }
    BigDecimal exact =
        new BigDecimal(new String(bytes, start, at - start, StandardCharsets.ISO_8859_1));
    if (Double.isInfinite(exact.doubleValue())) {
      throw malformed();
    }
    if (whole && exact.precision() <= 19) {
      try {
        return exact.longValueExact();
      } catch (ArithmeticException beyondLong) {
        return exact;
      }
    }
    return exact;
  }

  private int digits() {
    int start = at;
    while (at < end && bytes[at] >= '0' && bytes[at] <= '9') {
      at++;
    }
    if (at == start) {
      throw malformed();
    }
    return at - start;
  }

  /** A member's name; the registered three-letter ones come without allocation. */
  private String name() {
    if (at + 5 <= end && bytes[at] == '"' && bytes[at + 4] == '"') {
      String known = threeLetters(bytes[at + 1] << 16 | bytes[at + 2] << 8 | bytes[at + 3]);
      if (known != null) {
        at += 5;
        return known;
      }
    }
    return string();
  }

  private static @Nullable String threeLetters(int letters) {
    return switch (letters) {
      case 's' << 16 | 'u' << 8 | 'b' -> "sub";
      case 'i' << 16 | 's' << 8 | 's' -> "iss";
      case 'a' << 16 | 'u' << 8 | 'd' -> "aud";
      case 'i' << 16 | 'a' << 8 | 't' -> "iat";
      case 'e' << 16 | 'x' << 8 | 'p' -> "exp";
      case 'n' << 16 | 'b' << 8 | 'f' -> "nbf";
      case 'j' << 16 | 't' << 8 | 'i' -> "jti";
      default -> null;
    };
  }

  private String string() {
    expect('"');
    int start = at;
    while (at < end) {
      byte b = bytes[at];
      if (b == '"') {
        return new String(bytes, start, at++ - start, StandardCharsets.ISO_8859_1);
      }
      if (b == '\\' || b < 0) {
        return beyondPlainAscii(start);
      }
      if (b < 0x20) {
        throw malformed();
      }
      at++;
    }
    throw malformed();
  }

  private String beyondPlainAscii(int start) {
    StringBuilder text = new StringBuilder(at - start + 32);
    text.append(new String(bytes, start, at - start, StandardCharsets.ISO_8859_1));
    while (at < end) {
      byte b = bytes[at];
      if (b == '"') {
        at++;
        return text.toString();
      }
      if (b == '\\') {
        at++;
        text.appendCodePoint(escape());
      } else if (b < 0) {
        text.appendCodePoint(multiByte());
      } else if (b < 0x20) {
        throw malformed();
      } else {
        text.append((char) b);
        at++;
      }
    }
    throw malformed();
  }

  private int escape() {
    int kind = peek();
    at++;
    return switch (kind) {
      case '"', '\\', '/' -> kind;
      case 'b' -> '\b';
      case 'f' -> '\f';
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case 'u' -> escapedCodePoint();
      default -> throw malformed();
    };
  }

  private int escapedCodePoint() {
    int unit = fourHexDigits();
    if (unit < Character.MIN_SURROGATE || unit > Character.MAX_SURROGATE) {
      return unit;
    }
    if (!Character.isHighSurrogate((char) unit)) {
      throw malformed();
    }
    expect('\\');
    expect('u');
    int low = fourHexDigits();
    if (!Character.isLowSurrogate((char) low)) {
      throw malformed();
    }
    return Character.toCodePoint((char) unit, (char) low);
  }

  private int fourHexDigits() {
    int value = 0;
    for (int i = 0; i < 4; i++) {
      // Only ASCII reaches the digit table: Character.digit alone would take other scripts' digits.
      int c = peek();
      int digit = c < 0 || c > 0x7F ? -1 : Character.digit(c, 16);
      if (digit < 0) {
        throw malformed();
      }
      value = value << 4 | digit;
      at++;
    }
    return value;
  }

  /** One code point of two to four bytes, by the table of RFC 3629 §4: neither overlong nor a surrogate. */
  private int multiByte() {
    int lead = bytes[at] & 0xFF;
    int following = lead >= 0xC2 && lead <= 0xDF ? 1 : lead >= 0xE0 && lead <= 0xEF ? 2 : 3;
    if (lead < 0xC2 || lead > 0xF4 || at + following >= end) {
      throw malformed();
    }
    int point = lead & (0x3F >> following);
    for (int i = 1; i <= following; i++) {
      int next = bytes[at + i];
      if ((next & 0xC0) != 0x80) {
        throw malformed();
      }
      point = point << 6 | next & 0x3F;
    }
    boolean overlong = following == 2 && point < 0x800 || following == 3 && point < 0x10000;
    boolean surrogate = point >= Character.MIN_SURROGATE && point <= Character.MAX_SURROGATE;
    if (overlong || surrogate || point > Character.MAX_CODE_POINT) {
      throw malformed();
    }
    at += following + 1;
    return point;
  }

  private void skipSpace() {
    while (at < end) {
      byte b = bytes[at];
      if (b != ' ' && b != '\t' && b != '\n' && b != '\r') {
        return;
      }
      at++;
    }
  }

  /** Returns the current byte, negative at the end and if not ASCII. */
  private int peek() {
    return at < end ? bytes[at] : -1;
  }

  private void expect(char wanted) {
    if (peek() != wanted) {
      throw malformed();
    }
    at++;
  }

  private static Reject malformed() {
    return Reject.as(RejectCode.MALFORMED);
  }
}
