package io.github.scalingtoolkit.auth;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** The SHA-256 of a token's exact bytes: identifies the token without keeping it. */
record TokenDigest(long first, long second, long third, long fourth) {
  private static final EnginePool<MessageDigest> ENGINES = new EnginePool<>(TokenDigest::engine);

  static TokenDigest of(byte[] token) {
    MessageDigest engine = ENGINES.borrow();
    byte[] digest = engine.digest(token);
    ENGINES.giveBack(engine);
    ByteBuffer longs = ByteBuffer.wrap(digest);
    return new TokenDigest(longs.getLong(), longs.getLong(), longs.getLong(), longs.getLong());
  }

  boolean is(TokenDigest other) {
    return first == other.first
        && second == other.second
        && third == other.third
        && fourth == other.fourth;
  }

  private static MessageDigest engine() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AuthException("this JVM has no SHA-256; check its security providers", e);
    }
  }
}
