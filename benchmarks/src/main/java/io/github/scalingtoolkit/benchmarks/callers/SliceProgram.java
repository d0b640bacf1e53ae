package io.github.scalingtoolkit.benchmarks.callers;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;

/**
 * A client of the toolkit's in a process of its own, which reads a line for each slice and answers with what it did, as
 * the peers' program does. Started with another build's jar first on the class path, it measures that build.
 */
public final class SliceProgram {
  private SliceProgram() {}

  /** Takes {@code shared} or {@code pool}, and a Redis' URL. */
  public static void main(String[] args) throws IOException, InterruptedException {
    // Answers alone: with two jars on its class path the back end of the logs talks.
    PrintStream answers = System.out;
    System.setOut(new PrintStream(OutputStream.nullOutputStream()));
    BufferedReader questions =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    try (Rival rival = Rival.toolkit(args[0], args[1], 64, args[0].equals("shared"))) {
      for (String line = questions.readLine(); line != null; line = questions.readLine()) {
        String[] words = line.split(" ");
        Slice slice = rival.run(
            Operation.valueOf(words[0].toUpperCase(Locale.ROOT)),
            Slice.Threads.valueOf(words[1].toUpperCase(Locale.ROOT)),
            Integer.parseInt(words[2]),
            Duration.ofMillis(Long.parseLong(words[3])));
        answers.println(slice.perSecond() + " " + slice.fewest());
      }
    }
    System.exit(0);
  }
}
