package io.github.scalingtoolkit.queue;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A job as stored in Redis: priority (1 digit), {@code c} for an id given by the caller or {@code g} for one that was
 * made, most attempts (3 digits), the type's name, {@linkplain Details fields}, each after a space, a newline, and the
 * payload. Scripts read priority, kind of id and type.
 *
 * @param hasGivenId whether its id was given by the caller
 * @param maxAttempts how often it may fail
 * @param type the type's name
 * @param details what else it has
 * @param payload the payload's bytes
 */
@SuppressWarnings("ArrayRecordComponent") // Never compared.
record Envelope(boolean hasGivenId, int maxAttempts, String type, Details details, byte[] payload) {
  /** Stands for stored bytes that are not a job. */
  static final Envelope NOT_A_JOB = new Envelope(true, 1, "", Details.NONE, new byte[0]);

  private static final int HEAD = 5;

  /**
   * Writes a job.
   *
   * @param enqueuedAt the time, ms since 1970
   * @throws QueueException if the payload cannot be written
   */
  static <P> byte[] write(JobType<P> type, P payload, EnqueueOptions options, long enqueuedAt) {
    String attempts = Integer.toString(options.maxAttempts());
    StringBuilder head = new StringBuilder(32)
        .append(options.priority())
        .append(options.id().isEmpty() ? 'g' : 'c')
        .append("0".repeat(3 - attempts.length()))
        .append(attempts)
        .append(type.name());
    Details.of(type, options, enqueuedAt).writeTo(head);
    return joined(
        head.append('\n').toString().getBytes(StandardCharsets.US_ASCII), encoded(type, payload));
  }

  /**
   * Returns the payload's bytes.
   *
   * @throws QueueException if the payload cannot be written
   */
  static <P> byte[] encoded(JobType<P> type, P payload) {
    if (payload == null) {
      throw new NullPointerException("the payload of a job of type " + type.name());
    }
    try {
      return type.codec().encode(payload);
    } catch (Exception e) {
      if (e instanceof InterruptedException) {
        Thread.currentThread().interrupt();
      }
      throw new QueueException(
          "a payload of job type " + type + " (" + payload.getClass().getName()
              + ") cannot be written by its codec",
          e);
    }
  }

  /**
   * Returns the stored bytes of a job with another payload, and what else it has unchanged.
   *
   * @throws IllegalArgumentException if the bytes are not a job
   * @throws QueueException if the payload cannot be written
   */
  static <P> byte[] edited(byte[] stored, JobType<P> type, P payload) {
    int newline = newline(stored);
    String head = new String(stored, 0, newline, StandardCharsets.US_ASCII)
        .replaceAll(" v=[^ ]*", type.version() == 1 ? "" : " v=" + type.version());
    if (type.version() != 1 && !head.contains(" v=")) {
      head += " v=" + type.version();
    }
    return joined((head + '\n').getBytes(StandardCharsets.US_ASCII), encoded(type, payload));
  }

  private static byte[] joined(byte[] head, byte[] payload) {
    byte[] envelope = Arrays.copyOf(head, head.length + payload.length);
    System.arraycopy(payload, 0, envelope, head.length, payload.length);
    return envelope;
  }

  private static int newline(byte[] bytes) {
    int newline = HEAD;
    while (newline < bytes.length && bytes[newline] != '\n') {
      newline++;
    }
    if (newline >= bytes.length) {
      throw new IllegalArgumentException("not a job");
    }
    return newline;
  }

  /**
   * Reads a job.
   *
   * @throws IllegalArgumentException if the bytes are not a job
   */
  static Envelope read(byte[] bytes) {
    int newline = newline(bytes);
    String attempts = new String(bytes, 2, HEAD - 2, StandardCharsets.US_ASCII);
    String type = type(bytes);
    int fields = HEAD + type.length();
    return new Envelope(
        bytes[1] == 'c',
        Integer.parseInt(attempts),
        type,
        fields == newline
            ? Details.NONE
            : Details.read(new String(bytes, fields, newline - fields, StandardCharsets.US_ASCII)),
        Arrays.copyOfRange(bytes, newline + 1, bytes.length));
  }

  /**
   * Reads the type's name from the first bytes of a job, 70 or more unless it is shorter.
   *
   * @throws IllegalArgumentException if they are not of a job
   */
  static String type(byte[] bytes) {
    int end = HEAD;
    while (end < bytes.length && bytes[end] != '\n' && bytes[end] != ' ') {
      end++;
    }
    if (end >= bytes.length || end == HEAD) {
      throw new IllegalArgumentException("not a job");
    }
    return new String(bytes, HEAD, end - HEAD, StandardCharsets.US_ASCII);
  }

  /**
   * Reads the payload.
   *
   * @throws QueueException if it has a newer version than {@code type}
   * @throws Exception if the codec cannot read it
   */
  <P> P payloadAs(JobType<P> type) throws Exception {
    if (details.version() > type.version()) {
      throw new NewerPayloadException(details.version(), type);
    }
    P value = type.codec().decode(payload, details.version());
    if (value == null) {
      throw new NullPointerException("the codec of job type " + type + " returned null");
    }
    return value;
  }

  /** The payload has a newer version than this process reads. */
  static final class NewerPayloadException extends QueueException {
    private static final long serialVersionUID = 1L;

    NewerPayloadException(int version, JobType<?> type) {
      super("the payload has version " + version + " but this process reads job type " + type
          + " and older");
    }
  }
}
