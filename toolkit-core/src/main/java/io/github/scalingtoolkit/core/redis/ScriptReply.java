package io.github.scalingtoolkit.core.redis;

import org.jspecify.annotations.Nullable;

/**
 * The reply to one of several scripts that shared a round trip.
 *
 * @param value the raw reply ({@code Long}, {@code byte[]}, {@code List}, null), if it did not fail
 * @param failure why there is no reply, or null if there is
 */
public record ScriptReply(@Nullable Object value, @Nullable RuntimeException failure) {
  /**
   * Returns the reply.
   *
   * @throws RuntimeException the failure, if there is one
   */
  public @Nullable Object get() {
    if (failure != null) {
      throw failure;
    }
    return value;
  }
}
