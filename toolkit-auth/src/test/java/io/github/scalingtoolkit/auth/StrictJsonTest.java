package io.github.scalingtoolkit.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StrictJsonTest {

  @Test
  void readsEveryKindOfValueExactly() {
    Map<String, Object> object = read(
        "{\"s\":\"a\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\",\"i\":-9223372036854775808,\"j\":9223372036854775807,"
            + "\"k\":9223372036854775808,\"d\":0.10,\"e\":1E+2,\"t\":true,\"f\":false,\"n\":null,"
            + "\"l\":[1,[],{}],\"o\":{\"a\":{\"b\":\"€😀\"}},\"\":0}");

    assertThat(object.get("s")).isEqualTo("a\"\\/\b\f\n\r\té");
    assertThat(object.get("i")).isEqualTo(Long.MIN_VALUE);
    assertThat(object.get("j")).isEqualTo(Long.MAX_VALUE);
    assertThat(object.get("k")).isEqualTo(new BigDecimal("9223372036854775808"));
    assertThat(object.get("d")).isEqualTo(new BigDecimal("0.10"));
    assertThat(object.get("e")).isEqualTo(new BigDecimal("1E+2"));
    assertThat(object.get("t")).isEqualTo(true);
    assertThat(object.get("f")).isEqualTo(false);
    assertThat(object).containsEntry("n", null);
    assertThat(object.get("l")).isEqualTo(List.of(1L, List.of(), Map.of()));
    assertThat(object.get("o")).isEqualTo(Map.of("a", Map.of("b", "€😀")));
    assertThat(object).containsEntry("", 0L);
    assertThat(read(" \t\r\n{ } ")).isEqualTo(Collections.emptyMap());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "{",
        "}",
        "{}}",
        "{} x",
        "{,}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{a:1}",
        "{\"a\":1 \"b\":2}",
        "{\"a\":[1,]}",
        "{\"a\":[,]}",
        "{\"a\":[1 2]}",
        "{\"a\":\"",
        "{\"a\":\"\\",
        "{\"a\":\"\\x\"}",
        "{\"a\":\"\\u12\"}",
        "{\"a\":\"\\u123",
        "{\"a\":\"\\ud83d\"}",
        "{\"a\":\"\\ud83d\\u0041\"}",
        "{\"a\":\"\\ude00\\ud83d\"}",
        "{\"a\":\"\\u\u0661\u0661\u0661\u0661\"}",
        "{\"a\":1.}",
        "{\"a\":1.e1}",
        "{\"a\":1e}",
        "{\"a\":1e+}",
        "{\"a\":--1}",
        "{\"a\":-a}",
        "{\"a\":00}",
        "{\"a\":-01}",
        "{\"a\":1e1000}",
        "{\"a\":9e308}",
        "{\"a\":truefalse}",
        "{\"a\":True}",
        "{\"a\":1,\"a\":1}",
        "{\"a\":null,\"a\":null}",
        "{\"é\":1,\"\\u00e9\":2}",
        "{\"a\":\u00a01}",
        "[]",
        "1",
        "\"a\"",
        "null"
      })
  void refusesWhatIsNotOneStrictObject(String text) {
    assertThatThrownBy(() -> read(text)).isInstanceOf(Reject.class);
  }

  @Test
  void refusesEveryUnescapedControlCharacter() {
    for (char c = 0; c < 0x20; c++) {
      String text = "{\"a\":\"" + c + "\"}";
      assertThatThrownBy(() -> read(text)).isInstanceOf(Reject.class);
    }
  }

  @Test
  void takesTheSameUtf8AsTheJdksStrictDecoder() {
    byte[] open = "{\"a\":\"".getBytes(StandardCharsets.UTF_8);
    byte[] close = "\"}".getBytes(StandardCharsets.UTF_8);
    for (int lead = 0x80; lead < 0x100; lead++) {
      for (int second = 0x70; second < 0x100; second += 1) {
        for (byte[] tail : new byte[][] {{}, {(byte) 0x80}, {(byte) 0xBF, (byte) 0x80}, {'x'}}) {
          byte[] inside = new byte[2 + tail.length];
          inside[0] = (byte) lead;
          inside[1] = (byte) second;
          System.arraycopy(tail, 0, inside, 2, tail.length);
          byte[] all = concat(open, inside, close);

          assertThat(readOrNull(all)).as(Arrays.toString(inside)).isEqualTo(decodeOrNull(inside));
        }
      }
    }
  }

  @Test
  void readsNoFurtherThanItsPartOfTheArray() {
    byte[] bytes = "xx{\"a\":12}34".getBytes(StandardCharsets.UTF_8);

    assertThat(StrictJson.object(bytes, 2, 8)).isEqualTo(Map.of("a", 12L));
    for (int length = 0; length < 8; length++) {
      int shorter = length;
      assertThatThrownBy(() -> StrictJson.object(bytes, 2, shorter)).isInstanceOf(Reject.class);
    }
  }

  private static Map<String, Object> read(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    return StrictJson.object(bytes, 0, bytes.length);
  }

  private static Object readOrNull(byte[] bytes) {
    try {
      return StrictJson.object(bytes, 0, bytes.length).get("a");
    } catch (Reject reject) {
      return null;
    }
  }

  private static String decodeOrNull(byte[] bytes) {
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(java.nio.ByteBuffer.wrap(bytes))
          .toString();
    } catch (CharacterCodingException e) {
      return null;
    }
  }

  private static byte[] concat(byte[]... parts) {
    java.io.ByteArrayOutputStream all = new java.io.ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.writeBytes(part);
    }
    return all.toByteArray();
  }
}
