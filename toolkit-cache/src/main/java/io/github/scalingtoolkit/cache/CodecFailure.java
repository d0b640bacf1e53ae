package io.github.scalingtoolkit.cache;

import org.jspecify.annotations.Nullable;

/** What a codec of this module throws. Its message names types and places, never anything of a value: it may be logged. */
final class CodecFailure extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;
  private static final int DEEPEST_CAUSE = 16;

  CodecFailure(String message, @Nullable Throwable cause) {
    super(message, cause);
  }

  /** Returns what may be said of a codec's failure: the message if it is one of these, else the class of its first cause. */
  static String describe(Throwable failure) {
    Throwable first = failure;
    for (int depth = 0; depth < DEEPEST_CAUSE; depth++) {
      if (first instanceof CodecFailure) {
        return String.valueOf(first.getMessage());
      }
      if (first.getCause() == null) {
        break;
      }
      first = first.getCause();
    }
    return first.getClass().getName();
  }
}
