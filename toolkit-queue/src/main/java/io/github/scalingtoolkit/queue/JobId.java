package io.github.scalingtoolkit.queue;

import java.security.SecureRandom;

/**
 * The name of a job within its queue.
 *
 * <p>An id given by the caller makes the job unique: a second enqueue does nothing while the job exists and for 24
 * hours after it ended. Without one, an id is made (48 bits of time, 80 random ones), and remembered for 60 seconds after
 * the job ended, so that an enqueue repeated by the network does not run it again.
 *
 * @param value 1 to 128 printable ASCII characters without space and {@code |}; not {@code @} alone
 */
public record JobId(String value) {
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final String DIGITS_TEXT = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  private static final char[] DIGITS = DIGITS_TEXT.toCharArray();
  private static final int MADE_LENGTH = 26;

  /**
   * Checks the form.
   *
   * @throws IllegalArgumentException if it has another form
   */
  public JobId {
    if (!isValid(value)) {
      throw new IllegalArgumentException(
          "a job id must be 1 to 128 printable ASCII characters without space and |, and not @ alone, but had "
              + value.length());
    }
  }

  /** Returns whether an id may have this value. */
  static boolean isValid(String value) {
    // A worker's claims keep something else under @.
    return !value.isEmpty()
        && value.length() <= 128
        && !value.equals("@")
        && value.chars().allMatch(c -> c > 0x20 && c < 0x7f && c != '|');
  }

  /**
   * Makes an id, to be given to an enqueue: if that fails, the job can be enqueued again by the same id, and runs once. It
   * is a ULID, so that ids made later sort later.
   */
  public static JobId random() {
    return make(System.currentTimeMillis());
  }

  /** Makes an id at a time. */
  static JobId make(long millis) {
    byte[] random = new byte[10];
    RANDOM.nextBytes(random);
    char[] text = new char[MADE_LENGTH];
    for (int i = 0; i < 10; i++) {
      text[i] = DIGITS[(int) (millis >>> (5 * (9 - i))) & 31];
    }
    long high = 0;
    long low = 0;
    for (int i = 0; i < 5; i++) {
      high = high << 8 | (random[i] & 0xff);
      low = low << 8 | (random[i + 5] & 0xff);
    }
    for (int i = 0; i < 8; i++) {
      text[10 + i] = DIGITS[(int) (high >>> (5 * (7 - i))) & 31];
      text[18 + i] = DIGITS[(int) (low >>> (5 * (7 - i))) & 31];
    }
    return new JobId(new String(text));
  }

  /** Returns when {@link #make} made it, in ms since 1970; meaningless for other ids. */
  long madeAt() {
    long millis = 0;
    for (int i = 0; i < Math.min(10, value.length()); i++) {
      millis = millis << 5 | Math.max(0, DIGITS_TEXT.indexOf(value.charAt(i)));
    }
    return millis;
  }

  @Override
  public String toString() {
    return value;
  }
}
