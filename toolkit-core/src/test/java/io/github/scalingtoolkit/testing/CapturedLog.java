package io.github.scalingtoolkit.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.util.List;

/** What SLF4J's simple logger writes until this is closed: it looks at {@code System.err} anew for each line. */
public final class CapturedLog implements AutoCloseable {
  private final PrintStream before = System.err;
  private final ByteArrayOutputStream written = new ByteArrayOutputStream();

  private CapturedLog() {
    System.setErr(new PrintStream(written, true, UTF_8));
  }

  /** Starts to capture. Other tests' threads may write into it: look for what is yours alone. */
  public static CapturedLog start() {
    return new CapturedLog();
  }

  /** Returns the lines so far that contain {@code text}. */
  public List<String> lines(String text) {
    return written.toString(UTF_8).lines().filter(line -> line.contains(text)).toList();
  }

  @Override
  public void close() {
    System.setErr(before);
  }
}
