package io.github.scalingtoolkit.benchmarks.report;

import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;

/**
 * What a session of pairs measured.
 *
 * @param environment where
 * @param rounds how many pairs of fresh processes each promise was to get; 0 in sessions that did not say
 * @param warmSeconds least load on each side before its first slice, in each round
 * @param sliceSeconds how long one slice is
 * @param pairs in the order in which they were run
 * @param notRun what could not be, and why
 */
public record PairedResults(
    Environment environment,
    int rounds,
    int warmSeconds,
    int sliceSeconds,
    List<Pair> pairs,
    List<NotRun> notRun) {
  private static final String FILE = "pairs.json";
  private static final ObjectMapper JSON = new ObjectMapper();

  /**
   * Two slices, one after the other.
   *
   * @param promise what they are of
   * @param round in which pair of fresh processes, from 1
   * @param aboveMicros CPU an answer of the first side
   * @param belowMicros of the second
   * @param abovePerSecond answers a second of the first side
   * @param belowPerSecond of the second
   * @param aboveMiB memory resident after the first side's slice, and after its jobs if it left any, of the processes whose
   *     CPU counts; 0 in sessions that did not look
   * @param belowMiB of the second
   */
  public record Pair(
      Promise promise,
      int round,
      double aboveMicros,
      double belowMicros,
      double abovePerSecond,
      double belowPerSecond,
      double aboveMiB,
      double belowMiB) {
    double ratio() {
      return aboveMicros / belowMicros;
    }

    boolean showsMemory() {
      return aboveMiB > 0 && belowMiB > 0;
    }

    double memoryRatio() {
      return belowMiB / aboveMiB;
    }
  }

  /** A promise that was not looked at, or whose run was refused, and why. */
  public record NotRun(Promise promise, String reason) {}

  /** Returns these with one more pair. */
  public PairedResults with(Pair pair) {
    List<Pair> more = new ArrayList<>(pairs);
    more.add(pair);
    return new PairedResults(
        environment, rounds, warmSeconds, sliceSeconds, List.copyOf(more), notRun);
  }

  /** Returns these without any pair of a promise, and the reason. */
  public PairedResults without(Promise promise, String reason) {
    List<NotRun> more = new ArrayList<>(notRun);
    more.add(new NotRun(promise, reason));
    return new PairedResults(
        environment,
        rounds,
        warmSeconds,
        sliceSeconds,
        pairs.stream().filter(pair -> pair.promise() != promise).toList(),
        List.copyOf(more));
  }

  /** Tells whether {@code directory} holds such results. */
  public static boolean in(Path directory) {
    return Files.isRegularFile(directory.resolve(FILE));
  }

  /** Reads what {@link #write} wrote to {@code directory}. */
  public static PairedResults read(Path directory) throws IOException {
    return JSON.readValue(Files.readAllBytes(directory.resolve(FILE)), PairedResults.class);
  }

  /** Writes them to {@code directory}, whole or not at all. */
  public void write(Path directory) throws IOException {
    DefaultPrettyPrinter printer = new DefaultPrettyPrinter();
    printer.indentObjectsWith(new DefaultIndenter("  ", "\n"));
    Path part = directory.resolve(FILE + ".part");
    Files.writeString(part, JSON.writer(printer).writeValueAsString(this) + "\n");
    Files.move(part, directory.resolve(FILE), StandardCopyOption.REPLACE_EXISTING);
  }
}
