package io.github.scalingtoolkit.queue;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A run of a job that failed, or whose worker ended or hung.
 *
 * @param attempt which run it was, from 1; 0 if what Redis keeps of it is damaged
 * @param at when it ended, by the clock of Redis; 1970 if that is damaged
 * @param error the name of the class of what was thrown; empty if nothing was
 * @param message its message after redaction, in one line, at most 500 characters; or what happened, if nothing was thrown
 * @param frames the topmost lines of its stack trace, at most 10, each at most 200 characters
 */
public record JobFailure(
    int attempt, Instant at, String error, String message, List<String> frames) {
  /** Copies the frames. */
  public JobFailure {
    frames = List.copyOf(frames);
  }

  /** Reads {@code time|attempt|class}, and lines with the message and each frame. */
  static JobFailure read(String text) {
    List<String> lines = new ArrayList<>(Arrays.asList(text.split("\n", -1)));
    String[] head = lines.remove(0).split("\\|", 3);
    String message = lines.isEmpty() ? "" : lines.remove(0);
    try {
      return new JobFailure(
          Integer.parseInt(head[1]),
          Instant.ofEpochMilli(Long.parseLong(head[0])),
          head[2],
          message,
          lines);
    } catch (IndexOutOfBoundsException | NumberFormatException damaged) {
      return new JobFailure(0, Instant.EPOCH, "", message, lines);
    }
  }
}
