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
import org.jspecify.annotations.Nullable;

/**
 * All that a session measured.
 *
 * @param kind quick, scale or smoke
 * @param environment where
 * @param rounds how many fresh processes each cell was to get
 * @param seconds how long each run was to last
 * @param runs what was measured, in that order
 * @param notRun what was not, and why
 * @param stopped why the session ended before its last round; null if it did not
 */
public record Results(
    String kind,
    Environment environment,
    int rounds,
    int seconds,
    List<Run> runs,
    List<NotRun> notRun,
    @Nullable String stopped) {
  private static final String FILE = "runs.json";
  private static final String NOT_YET = "the session ended before it";
  private static final ObjectMapper JSON = new ObjectMapper();

  /** A cell that was not run, and why. */
  public record NotRun(Cell cell, String reason) {}

  /** Returns these with {@code cell} as part of the session: not run, unless a run of it comes. */
  public Results planned(Cell cell) {
    return without(cell, NOT_YET);
  }

  /** Returns these with one more run. */
  public Results with(Run run) {
    List<Run> more = new ArrayList<>(runs);
    more.add(run);
    List<NotRun> others =
        notRun.stream().filter(not -> !isPlanOf(not, run.cell())).toList();
    return new Results(kind, environment, rounds, seconds, List.copyOf(more), others, stopped);
  }

  /** Returns these with a cell that was not run; the first reason stays. */
  public Results without(Cell cell, String reason) {
    List<NotRun> more = new ArrayList<>(notRun);
    more.removeIf(not -> isPlanOf(not, cell));
    if (more.stream().noneMatch(not -> not.cell().equals(cell))) {
      more.add(new NotRun(cell, reason));
    }
    return new Results(kind, environment, rounds, seconds, runs, List.copyOf(more), stopped);
  }

  /** Returns these of a session that ended before its last round. */
  public Results stopped(String reason) {
    return new Results(kind, environment, rounds, seconds, runs, notRun, reason);
  }

  /** Tells whether {@code cell} was tried and cannot be run here. */
  public boolean isOut(Cell cell) {
    return notRun.stream().anyMatch(not -> not.cell().equals(cell) && !isPlanOf(not, cell));
  }

  /** Tells whether the session was to measure {@code cell}. */
  public boolean isPart(Cell cell) {
    return runs.stream().anyMatch(run -> run.cell().equals(cell))
        || notRun.stream().anyMatch(not -> not.cell().equals(cell));
  }

  /** Returns how many rounds of {@code cell} were run, counting or not. */
  long roundsOf(Cell cell) {
    return runs.stream()
        .filter(run -> run.cell().equals(cell))
        .mapToInt(Run::round)
        .distinct()
        .count();
  }

  private static boolean isPlanOf(NotRun not, Cell cell) {
    return not.cell().equals(cell) && not.reason().equals(NOT_YET);
  }

  /** Reads what {@link #write} wrote to {@code directory}. */
  public static Results read(Path directory) throws IOException {
    return JSON.readValue(Files.readAllBytes(directory.resolve(FILE)), Results.class);
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
