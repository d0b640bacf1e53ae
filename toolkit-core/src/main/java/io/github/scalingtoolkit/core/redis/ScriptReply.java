package io.github.scalingtoolkit.core.redis;

import org.jspecify.annotations.Nullable;

/**
 * What one of several scripts that shared a round trip answered.
 *
 * @param value the raw reply ({@code Long}, {@code byte[]}, {@code List}, null), if it did not fail
 * @param failure why there is no reply, or null if there is
 */
public record ScriptReply(@Nullable Object value, @Nullable RuntimeException failure) {
  /**
   * Returns the reply.
   *
   * @throws RuntimeException the failure, if that is what there is
   */
  public @Nullable Object get() {
    if (failure != null) {
      throw failure;
    }
    return value;
  }
}
