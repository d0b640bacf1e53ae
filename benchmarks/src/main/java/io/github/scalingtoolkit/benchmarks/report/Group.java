package io.github.scalingtoolkit.benchmarks.report;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Rows that ran at the same time and were loaded in turn, and all that was measured of them.
 *
 * @param name also that of its file
 * @param topic where the page shows it
 * @param title in a few words
 * @param environment where
 * @param quota of each process; null if there was none
 * @param referenceRow the row that the others' ratios are to
 * @param referenceCache its cache
 * @param rounds how often all processes were started afresh
 * @param rotations how often every cell was to be loaded in each round
 * @param sliceSeconds for how long each time
 * @param connections of the generator
 * @param needMiB memory that the group was expected to need, stores and generator included
 * @param complete whether it came to its end; false after Ctrl-C
 * @param slices what was measured, in that order
 * @param missing what was not, and why
 * @param legacy what the tutorial's own command printed
 * @param remarks what the peers of the group do not do
 */
@JsonIgnoreProperties(ignoreUnknown = true)
public record Group(
    String name,
    Topic topic,
    String title,
    Environment environment,
    @Nullable Quota quota,
    Row referenceRow,
    Cache referenceCache,
    int rounds,
    int rotations,
    double sliceSeconds,
    int connections,
    long needMiB,
    boolean complete,
    List<Slice> slices,
    List<Missing> missing,
    List<Legacy> legacy,
    List<Remark> remarks) {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int LEAST_ROUNDS = 3;

  public Group {
    slices = List.copyOf(slices);
    missing = List.copyOf(missing);
    legacy = List.copyOf(legacy);
    remarks = List.copyOf(remarks);
  }

  /** What a group shows. */
  public enum Topic {
    /** The service in each set-up, with each cache. */
    SET_UPS,
    /** One to six processes. */
    SCALE_OUT,
    /** The service beside others. */
    PEERS,
    /** Two rows, for their ratio. */
    RATIO
  }

  /** A cell that has no figures, and why. */
  public record Missing(Cell cell, String reason) {}

  /** What a peer is and does not do. */
  public record Remark(Row row, String title, String text) {}

  /**
   * What {@code ab -n 10000 -c 100 …/api/health} printed.
   *
   * @param row who answered
   * @param perSecond its requests a second; null if it was not run
   * @param meanMillis its time per request
   * @param failed its failed requests
   * @param reason why it was not run; empty if it was
   */
  public record Legacy(
      Row row,
      @Nullable Double perSecond,
      @Nullable Double meanMillis,
      @Nullable Long failed,
      String reason) {}

  /** Returns this with one more slice. */
  public Group with(Slice slice) {
    return copy(complete, added(slices, slice), missing, legacy, remarks);
  }

  /** Returns this with a cell that has no figures; the first reason stays. */
  public Group without(Cell cell, String reason) {
    return missing(cell).isPresent()
        ? this
        : copy(complete, slices, added(missing, new Missing(cell, reason)), legacy, remarks);
  }

  /** Returns this with what the tutorial's command printed. */
  public Group with(Legacy more) {
    return copy(complete, slices, missing, added(legacy, more), remarks);
  }

  /** Returns this with what is to be said of a peer. */
  public Group with(Remark more) {
    return copy(complete, slices, missing, legacy, added(remarks, more));
  }

  /** Returns this, which has come to its end. */
  public Group completed() {
    return copy(true, slices, missing, legacy, remarks);
  }

  /** Returns the cells that were measured or are missing, each once, in the order in which they came. */
  public List<Cell> cells() {
    return Stream.concat(slices.stream().map(Slice::cell), missing.stream().map(Missing::cell))
        .distinct()
        .toList();
  }

  /** Returns why {@code cell} has no figures, or empty if it has, or is no part of the group. */
  public Optional<String> missing(Cell cell) {
    return missing.stream()
        .filter(missed -> missed.cell().equals(cell))
        .map(Missing::reason)
        .findFirst();
  }

  /**
   * Returns why {@code quantity} of {@code cell} must not be printed, or empty if it may. What a shared machine does is no
   * reason: it makes ranges and intervals wider.
   */
  public Optional<String> refusal(Cell cell, Quantity quantity) {
    Optional<String> reason = missing(cell);
    if (reason.isPresent()) {
      return Optional.of("NOT RUN: " + reason.get());
    }
    List<Slice> all = slices(cell, quantity.pace());
    if (all.isEmpty()) {
      return Optional.of("NOT RUN: the session ended before it");
    }
    Optional<Slice> wrong = slices.stream()
        .filter(slice -> slice.cell().equals(cell) && slice.errors() > 0)
        .findFirst();
    if (wrong.isPresent()) {
      return Optional.of("INVALID: " + wrong.get().errors() + " wrong answers in rotation "
          + wrong.get().rotation() + ", the first: " + wrong.get().firstError());
    }
    if (all.stream().allMatch(slice -> slice.answered() == 0)) {
      return Optional.of("INVALID: nothing was answered");
    }
    long bound = all.stream().filter(Slice::isClientBound).count();
    if (quantity.isSpoiltByClient() && bound * 2 > all.size()) {
      return Optional.of("CLIENT-BOUND: the generator used more than "
          + Math.round(100 * Slice.CLIENT_BOUND) + " % of its core in " + bound + " of "
          + all.size() + " slices");
    }
    return counting(cell, quantity).count() == 0
        ? Optional.of("NOT RUN: there is no /proc to read it from")
        : Optional.empty();
  }

  /** Returns {@code quantity} of {@code cell}, or empty if it is refused. */
  public Optional<Estimate> estimate(Cell cell, Quantity quantity) {
    return refusal(cell, quantity).isPresent()
        ? Optional.empty()
        : Optional.of(Estimate.of(counting(cell, quantity)
            .mapToDouble(slice -> quantity.of(slice).orElseThrow())
            .toArray()));
  }

  /**
   * Returns {@code above} over {@code below} in {@code quantity}: of each rotation one ratio, so that both sides met the
   * same machine. With three fresh starts and more, of each start their median, as the rotations of one start share their
   * processes. Empty if one of the two is refused.
   */
  public Optional<MedianInterval> ratio(Cell above, Cell below, Quantity quantity) {
    if (refusal(above, quantity).isPresent() || refusal(below, quantity).isPresent()) {
      return Optional.empty();
    }
    Map<List<Integer>, Double> belows = new HashMap<>();
    counting(below, quantity)
        .forEach(slice -> belows.put(
            List.of(slice.round(), slice.rotation()), quantity.of(slice).orElseThrow()));
    Map<Integer, List<Double>> rounds = new java.util.TreeMap<>();
    counting(above, quantity).forEach(slice -> {
      @Nullable Double beside = belows.get(List.of(slice.round(), slice.rotation()));
      OptionalDouble value = quantity.of(slice);
      if (beside != null && beside > 0 && value.isPresent()) {
        rounds
            .computeIfAbsent(slice.round(), round -> new ArrayList<>())
            .add(value.getAsDouble() / beside);
      }
    });
    if (rounds.isEmpty()) {
      return Optional.empty();
    }
    double[] values = rounds.size() >= LEAST_ROUNDS
        ? rounds.values().stream()
            .mapToDouble(round -> Estimate.of(doubles(round)).median())
            .toArray()
        : rounds.values().stream()
            .flatMap(List::stream)
            .mapToDouble(Double::doubleValue)
            .toArray();
    return Optional.of(MedianInterval.of(values));
  }

  /** Returns the ratio of {@code cell} to the reference's cell of the same scenario. */
  public Optional<MedianInterval> ratioToReference(Cell cell, Quantity quantity) {
    return ratio(cell, reference(cell.scenario()), quantity);
  }

  /** Returns the reference's cell of {@code scenario}. */
  public Cell reference(Scenario scenario) {
    return new Cell(referenceRow, referenceCache, scenario);
  }

  /** Returns the file of the group {@code name} in {@code directory}. */
  public static Path file(Path directory, String name) {
    return directory.resolve(name + ".json");
  }

  /** Reads what {@link #write} wrote to {@code file}. */
  public static Group read(Path file) throws IOException {
    return JSON.readValue(Files.readAllBytes(file), Group.class);
  }

  /** Reads all groups of {@code directory}, in the order of their names. */
  public static List<Group> readAll(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files
          .filter(file -> file.toString().endsWith(".json"))
          .sorted()
          .map(file -> {
            try {
              return read(file);
            } catch (IOException unread) {
              throw new UncheckedIOException(unread);
            }
          })
          .toList();
    }
  }

  /** Writes it to {@code directory}, whole or not at all. A slice is one line. */
  public void write(Path directory) throws IOException {
    Path file = file(directory, name);
    Path part = directory.resolve(name + ".part");
    DefaultPrettyPrinter lines = new DefaultPrettyPrinter();
    lines.indentArraysWith(new DefaultIndenter("  ", "\n"));
    lines.indentObjectsWith(new DefaultPrettyPrinter.FixedSpaceIndenter());
    Files.writeString(part, JSON.writer(lines).writeValueAsString(this) + "\n");
    Files.move(part, file, StandardCopyOption.REPLACE_EXISTING);
  }

  List<Slice> slices(Cell cell, Pace pace) {
    return slices.stream()
        .filter(slice -> slice.cell().equals(cell) && slice.pace() == pace)
        .toList();
  }

  private Stream<Slice> counting(Cell cell, Quantity quantity) {
    Predicate<Slice> spoilt = slice -> quantity.isSpoiltByClient() && slice.isClientBound();
    return slices(cell, quantity.pace()).stream()
        .filter(spoilt.negate())
        .filter(slice -> quantity.of(slice).isPresent());
  }

  private Group copy(
      boolean isComplete,
      List<Slice> theSlices,
      List<Missing> theMissing,
      List<Legacy> theLegacy,
      List<Remark> theRemarks) {
    return new Group(
        name,
        topic,
        title,
        environment,
        quota,
        referenceRow,
        referenceCache,
        rounds,
        rotations,
        sliceSeconds,
        connections,
        needMiB,
        isComplete,
        theSlices,
        theMissing,
        theLegacy,
        theRemarks);
  }

  private static <T> List<T> added(List<T> list, T more) {
    List<T> longer = new ArrayList<>(list);
    longer.add(more);
    return longer;
  }

  private static double[] doubles(List<Double> values) {
    return values.stream().mapToDouble(Double::doubleValue).toArray();
  }
}
