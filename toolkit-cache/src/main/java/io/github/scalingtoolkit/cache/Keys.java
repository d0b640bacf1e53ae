package io.github.scalingtoolkit.cache;

import java.nio.charset.StandardCharsets;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Names things in Redis: {@code tc:<cache>:<id>} for entries, {@code tc:<cache>} for the channel.
 *
 * <p>A cache's name has no colon, so the first two colons end the prefix and no two (cache, id) share a key.
 */
final class Keys {
  private static final String ALPHABET =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

  private final String prefix;
  private final String channel;
  private final byte[] channelBytes;

  Keys(String cache) {
    channel = "tc:" + cache;
    prefix = channel + ":";
    channelBytes = channel.getBytes(StandardCharsets.US_ASCII);
  }

  /**
   * Returns {@code id} if UTF-8 can encode it: a lone surrogate would become a question mark, and two keys one.
   *
   * @throws IllegalArgumentException if it cannot
   */
  static String checked(String id) {
    for (int i = 0; i < id.length(); i++) {
      char unit = id.charAt(i);
      if (Character.isSurrogate(unit)) {
        boolean pair = Character.isHighSurrogate(unit)
            && i + 1 < id.length()
            && Character.isLowSurrogate(id.charAt(i + 1));
        if (!pair) {
          throw new IllegalArgumentException(
              "a key must be text that UTF-8 can encode but has a lone surrogate at " + i);
        }
        i++;
      }
    }
    return id;
  }

  /** Returns the key in Redis of the entry {@code id}. */
  byte[] entry(String id) {
    return (prefix + id).getBytes(StandardCharsets.UTF_8);
  }

  String channel() {
    return channel;
  }

  byte[] channelBytes() {
    return channelBytes;
  }

  /** Returns {@code length} random letters and digits: 48 bits in 8 of them. */
  static String token(int length) {
    ThreadLocalRandom random = ThreadLocalRandom.current();
    char[] token = new char[length];
    for (int i = 0; i < length; i++) {
      token[i] = ALPHABET.charAt(random.nextInt(ALPHABET.length()));
    }
    return new String(token);
  }
}
