package io.github.scalingtoolkit.todo.domain;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;

/** Strong tags of bytes: equal for equal bytes only, for all that is practical. */
public final class ETags {
  private static final int TAG_BYTES = 12;

  private ETags() {}

  /** Returns the tag with its quotes. */
  public static String of(byte[] bytes) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(bytes);
      return "\""
          + Base64.getUrlEncoder()
              .withoutPadding()
              .encodeToString(
                  ByteBuffer.allocate(TAG_BYTES).put(digest, 0, TAG_BYTES).array())
          + "\"";
    } catch (NoSuchAlgorithmException e) {
      throw new LinkageError("every Java platform has SHA-256", e);
    }
  }
}
