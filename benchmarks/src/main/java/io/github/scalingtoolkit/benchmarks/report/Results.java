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
 * All that a session measured.
 *
 * @param kind quick, scale or smoke
 * @param environment where
 * @param rounds how many fresh processes each cell was to get
 * @param seconds how long each run was to last
 * @param runs what was measured, in that order
 * @param notRun what was not, and why
 */
public record Results(
    String kind,
    Environment environment,
    int rounds,
    int seconds,
    List<Run> runs,
    List<NotRun> notRun) {
  private static final String FILE = "runs.json";
  private static final ObjectMapper JSON = new ObjectMapper();

  /** A cell that was not run, and why. */
  public record NotRun(Cell cell, String reason) {}

  /** Returns these with one more run. */
  public Results with(Run run) {
    List<Run> more = new ArrayList<>(runs);
    more.add(run);
    return new Results(kind, environment, rounds, seconds, List.copyOf(more), notRun);
  }

  /** Returns these with a cell that was not run; once is enough. */
  public Results without(Cell cell, String reason) {
    List<NotRun> more = new ArrayList<>(notRun);
    if (more.stream().noneMatch(not -> not.cell().equals(cell))) {
      more.add(new NotRun(cell, reason));
    }
    return new Results(kind, environment, rounds, seconds, runs, List.copyOf(more));
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
