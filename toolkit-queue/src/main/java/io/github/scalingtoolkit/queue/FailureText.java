package io.github.scalingtoolkit.queue;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

/** What Redis keeps of a failed run, as {@link JobFailure} reads it, but for the time: bounded, and without secrets. */
final class FailureText {
  private static final int MOST_MESSAGE = 500;
  private static final int MOST_LINE = 200;
  private static final int MOST_FRAMES = 6;
  private static final int MOST_CAUSE_FRAMES = 3;

  /** A longer one is cut before it is redacted, so that a message of megabytes costs little. */
  private static final int MOST_REDACTED = 8 * MOST_MESSAGE;

  // Bounded or possessive, so that no message makes them slow. A quote that is not closed was cut.
  private static final String NAME_END = "[\\w-]{0,40}\\\\?[\"']?\\s*[=:]\\s*";

  /** Headers whose values have parts of their own, so that all of the line is a secret. */
  private static final Pattern SECRET_HEADER =
      Pattern.compile("(?i)\\b([\\w-]{0,40}(?:authorization|cookie)" + NAME_END + ")[^\\r\\n]+");

  private static final Pattern NAMED_SECRET = Pattern.compile(
      "(?i)\\b([\\w-]{0,40}(?:password|passwd|pwd|passphrase|secret|token|credential|signature"
          + "|api[_-]?key|access[_-]?key|private[_ -]?key)" + NAME_END
          + ")(?:(?:bearer|basic)\\s+)?(?:\"[^\"\\\\]*+(?:\\\\[\\s\\S][^\"\\\\]*+)*+\"?"
          + "|'[^'\\\\]*+(?:\\\\[\\s\\S][^'\\\\]*+)*+'?"
          + "|\\\\\"[^\"\\\\]*+(?:\\\\[^\"][^\"\\\\]*+)*+(?:\\\\\")?"
          + "|[^\\s,;&)}\\]]+)");
  private static final Pattern BEARER = Pattern.compile("(?i)\\b(bearer|basic)\\s+[\\w.~+/=-]{8,}");

  /** A password may have an @, so that the last one ends it. */
  private static final Pattern USER_INFO = Pattern.compile("(\\w+://)[^/\\s]*@");

  private final UnaryOperator<String> redaction;

  FailureText(UnaryOperator<String> redaction) {
    this.redaction = redaction;
  }

  /**
   * Replaces the values of what is named like a secret, the rest of the line after an authorization or a cookie, bearer
   * tokens, and credentials in URLs by three asterisks.
   */
  static String masked(String message) {
    String masked = SECRET_HEADER.matcher(message).replaceAll("$1***");
    masked = NAMED_SECRET.matcher(masked).replaceAll("$1***");
    masked = BEARER.matcher(masked).replaceAll("$1 ***");
    return USER_INFO.matcher(masked).replaceAll("$1***@");
  }

  String of(int attempt, Throwable failure) {
    StringBuilder text = new StringBuilder().append(attempt).append('|');
    if (failure instanceof JobFailedException) {
      return text.append('\n').append(message(failure)).toString();
    }
    text.append(line(failure.getClass().getName(), MOST_LINE))
        .append('\n')
        .append(message(failure));
    frames(failure).forEach(frame -> text.append('\n').append(line(frame, MOST_LINE)));
    return text.toString();
  }

  /** What was found before an exception broke while it was asked. */
  private List<String> frames(Throwable failure) {
    List<String> frames = new ArrayList<>();
    try {
      frames.addAll(top(failure, MOST_FRAMES));
      Throwable root = root(failure);
      if (root != failure) {
        frames.add("caused by " + root.getClass().getName() + ": " + message(root));
        frames.addAll(top(root, MOST_CAUSE_FRAMES));
      }
    } catch (Throwable broken) {
      frames.add("(no more: asking for them failed with " + broken.getClass().getName() + ")");
    }
    return frames;
  }

  private static List<String> top(Throwable failure, int most) {
    List<String> top = new ArrayList<>();
    StackTraceElement[] all = failure.getStackTrace();
    for (int i = 0; i < Math.min(most, all.length); i++) {
      top.add("at " + all[i]);
    }
    return top;
  }

  /** Chains may be circular. */
  private static Throwable root(Throwable failure) {
    Throwable root = failure;
    for (int i = 0; i < 20 && root.getCause() != null; i++) {
      root = root.getCause();
    }
    return root;
  }

  /** A message that cannot be asked for or redacted is not kept: it might hold what must not be. */
  String message(Throwable failure) {
    try {
      return kept(Objects.toString(failure.getMessage(), ""));
    } catch (Throwable broken) {
      return "(not kept: its redaction failed with " + broken.getClass().getName() + ")";
    }
  }

  private String kept(String message) {
    return line(
        redaction.apply(
            message.length() > MOST_REDACTED ? message.substring(0, MOST_REDACTED) : message),
        MOST_MESSAGE);
  }

  /** In one line, at most so long, and as text that can be written. */
  private static String line(String text, int most) {
    StringBuilder line = new StringBuilder(Math.min(text.length(), most));
    for (int i = 0; i < text.length() && line.length() < most; ) {
      int c = text.codePointAt(i);
      i += Character.charCount(c);
      boolean lone = c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE;
      if (lone) {
        line.append('\uFFFD');
      } else if (Character.isISOControl(c)) {
        line.append(' ');
      } else if (line.length() + Character.charCount(c) <= most) {
        line.appendCodePoint(c);
      } else {
        break;
      }
    }
    return line.toString();
  }
}
