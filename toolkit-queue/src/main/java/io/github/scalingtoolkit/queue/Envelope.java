package io.github.scalingtoolkit.queue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/**
 * A job as stored in Redis: priority (1 digit), {@code c} for an id given by the caller or {@code g} for one that was
 * made, most attempts (3 digits), the type's name, fields that later versions add, each after a space, a newline, and the
 * payload as JSON. Scripts read priority, kind of id and type.
 *
 * @param hasGivenId whether its id was given by the caller
 * @param maxAttempts how often it may fail
 * @param type the type's name
 * @param payload the payload's JSON
 */
@SuppressWarnings("ArrayRecordComponent") // Never compared.
record Envelope(boolean hasGivenId, int maxAttempts, String type, byte[] payload) {
  /** Stands for stored bytes that are not a job. */
  static final Envelope NOT_A_JOB = new Envelope(true, 1, "", new byte[0]);

  /** No polymorphic types: the worker's code decides the class of a payload, never the stored bytes. */
  private static final ObjectMapper JSON = JsonMapper.builder()
      .findAndAddModules()
      // During a rollout the previous version gets payloads of the next one.
      .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
      .build();

  private static final int HEAD = 5;

  /**
   * Writes a job.
   *
   * @throws QueueException if the payload cannot be written as JSON
   */
  static <P> byte[] write(JobType<P> type, P payload, EnqueueOptions options) {
    byte[] json;
    try {
      json = JSON.writeValueAsBytes(payload);
    } catch (JsonProcessingException e) {
      throw new QueueException(
          "a payload of job type " + type.name() + " (" + type.payload().getName()
              + ") cannot be written as JSON",
          e);
    }
    String attempts = Integer.toString(options.maxAttempts());
    byte[] head = (options.priority()
            + (options.id() == null ? "g" : "c")
            + "0".repeat(3 - attempts.length())
            + attempts
            + type.name()
            + "\n")
        .getBytes(StandardCharsets.US_ASCII);
    byte[] envelope = new byte[head.length + json.length];
    System.arraycopy(head, 0, envelope, 0, head.length);
    System.arraycopy(json, 0, envelope, head.length, json.length);
    return envelope;
  }

  /**
   * Reads a job.
   *
   * @throws IllegalArgumentException if the bytes are not a job
   */
  static Envelope read(byte[] bytes) {
    int newline = HEAD;
    while (newline < bytes.length && bytes[newline] != '\n') {
      newline++;
    }
    if (newline >= bytes.length) {
      throw new IllegalArgumentException("not a job");
    }
    byte[] payload = new byte[bytes.length - newline - 1];
    System.arraycopy(bytes, newline + 1, payload, 0, payload.length);
    String attempts = new String(bytes, 2, HEAD - 2, StandardCharsets.US_ASCII);
    return new Envelope(bytes[1] == 'c', Integer.parseInt(attempts), type(bytes), payload);
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
   * @throws IOException if it is not JSON for that class
   */
  <P> P payloadAs(Class<P> type) throws IOException {
    P value = JSON.readValue(payload, type);
    if (value == null) {
      throw new IOException("the payload is null");
    }
    return value;
  }
}
