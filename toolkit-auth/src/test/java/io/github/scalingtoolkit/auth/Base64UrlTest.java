package io.github.scalingtoolkit.auth;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class Base64UrlTest {

  @Test
  void readsBackWhatTheJdkWrites() {
    Random random = new Random(3);
    for (int length = 0; length < 300; length++) {
      byte[] bytes = new byte[length];
      random.nextBytes(bytes);
      String text = Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);

      assertThat(decode(text)).isEqualTo(bytes);
      assertThat(Base64Url.decodedLength(text.length())).isEqualTo(length);
      assertThat(Base64Url.encode(bytes)).isEqualTo(text);
    }
  }

  @Test
  void hasOneSpellingForEachByte() {
    Set<Byte> seen = new HashSet<>();
    int accepted = 0;
    for (int a = 0; a < 256; a++) {
      for (int b = 0; b < 256; b++) {
        byte[] decoded =
            decode(new String(new byte[] {(byte) a, (byte) b}, StandardCharsets.ISO_8859_1));
        if (decoded != null) {
          accepted++;
          seen.add(decoded[0]);
        }
      }
    }
    assertThat(accepted).isEqualTo(256);
    assertThat(seen).hasSize(256);
  }

  @Test
  void refusesEveryForeignCharacterAtEveryPlace() {
    String alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (String good : new String[] {"AAAAAAAA", "AAAAAAA", "AAAAAA"}) {
      for (int at = 0; at < good.length(); at++) {
        for (int c = 0; c < 256; c++) {
          String text = good.substring(0, at) + (char) c + good.substring(at + 1);
          if (alphabet.indexOf(c) < 0) {
            assertThat(decode(text)).as("character %d at %d", c, at).isNull();
          }
        }
      }
    }
    assertThat(decode("A")).isNull();
    assertThat(decode("AAAAA")).isNull();
    assertThat(decode("AA==")).isNull();
    assertThat(Base64Url.decodedLength(5)).isEqualTo(-1);
  }

  @Test
  void decodesInPlace() {
    byte[] bytes = "xSGVsbG8sIHdvcmxkIQ".getBytes(StandardCharsets.ISO_8859_1);

    int length = Base64Url.decode(bytes, 1, bytes.length, bytes, 1);

    assertThat(new String(bytes, 1, length, StandardCharsets.ISO_8859_1))
        .isEqualTo("Hello, world!");
  }

  private static byte[] decode(String text) {
    byte[] source = text.getBytes(StandardCharsets.ISO_8859_1);
    byte[] target = new byte[source.length];
    int length = Base64Url.decode(source, 0, source.length, target, 0);
    return length < 0 ? null : Arrays.copyOf(target, length);
  }
}
