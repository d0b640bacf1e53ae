package io.github.scalingtoolkit.queue;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a job has beyond its type and payload, as fields of its envelope: {@code key=value}, each after a space. Those that
 * have their default are not written; keys of a later version are skipped.
 *
 * @param version {@code v}: the version of the payload's form
 * @param enqueuedAt {@code a}: when it was enqueued, ms since 1970; 0 if its id tells
 * @param due {@code d}: when it was to become ready, by the clock of its producer, ms since 1970; 0 for at once
 * @param timeLimit {@code l}: longest time of a run, ms; 0 for the worker's
 * @param deadline {@code x}: when it becomes useless, ms since 1970; 0 for never
 * @param retries {@code r}: its retry policy; null for the handler's
 * @param headers {@code h.name}: its headers, escaped
 */
record Details(
    int version,
    long enqueuedAt,
    long due,
    long timeLimit,
    long deadline,
    @Nullable RetryPolicy retries,
    Map<String, String> headers) {
  static final Details NONE = new Details(1, 0, 0, 0, 0, null, Map.of());

  private static final int RADIX = 36;

  /** Of a payload beside a field that this process cannot read. */
  static final int UNKNOWN_VERSION = Integer.MAX_VALUE;

  static Details of(JobType<?> type, EnqueueOptions options, long enqueuedAt) {
    return new Details(
        type.version(),
        options.id().isEmpty() ? 0 : enqueuedAt,
        options.readyAt(enqueuedAt),
        options.timeLimit().map(Duration::toMillis).orElse(0L),
        options.deadline().map(at -> Math.max(1, at.toEpochMilli())).orElse(0L),
        options.retries().orElse(null),
        options.headers());
  }

  void writeTo(StringBuilder head) {
    if (version != 1) {
      head.append(" v=").append(version);
    }
    if (enqueuedAt > 0) {
      head.append(" a=").append(Long.toString(enqueuedAt, RADIX));
    }
    if (due > 0) {
      head.append(" d=").append(Long.toString(due, RADIX));
    }
    if (timeLimit > 0) {
      head.append(" l=").append(Long.toString(timeLimit, RADIX));
    }
    if (deadline > 0) {
      head.append(" x=").append(Long.toString(deadline, RADIX));
    }
    if (retries != null) {
      head.append(" r=").append(retries.text());
    }
    headers.forEach((name, value) ->
        head.append(" h.").append(name).append('=').append(Texts.escaped(Scripts.bytes(value))));
  }

  /**
   * Reads fields. One that it knows but cannot read makes the version newer than any.
   *
   * @param fields with a space before each
   * @throws IllegalArgumentException if one is no {@code key=value}
   */
  static Details read(String fields) {
    int version = 1;
    long enqueuedAt = 0;
    long due = 0;
    long timeLimit = 0;
    long deadline = 0;
    RetryPolicy retries = null;
    Map<String, String> headers = new HashMap<>();
    for (String field : fields.substring(1).split(" ", -1)) {
      int equals = field.indexOf('=');
      if (equals < 1) {
        throw new IllegalArgumentException("a field of a job must be key=value");
      }
      String value = field.substring(equals + 1);
      String key = field.substring(0, equals);
      try {
        switch (key) {
          case "v" -> version = Math.max(version, Integer.parseInt(value));
          case "a" -> enqueuedAt = Long.parseLong(value, RADIX);
          case "d" -> due = Long.parseLong(value, RADIX);
          case "l" -> timeLimit = Long.parseLong(value, RADIX);
          case "x" -> deadline = Long.parseLong(value, RADIX);
          case "r" -> retries = RetryPolicy.read(value);
          default -> {
            if (key.startsWith("h.")) {
              headers.put(
                  key.substring(2), new String(Texts.unescaped(value), StandardCharsets.UTF_8));
            }
          }
        }
      } catch (IllegalArgumentException laterForm) {
        // A later process wrote it: the job waits for one that can read it, as for a newer payload.
        version = UNKNOWN_VERSION;
      }
    }
    return new Details(version, enqueuedAt, due, timeLimit, deadline, retries, Map.copyOf(headers));
  }
}
