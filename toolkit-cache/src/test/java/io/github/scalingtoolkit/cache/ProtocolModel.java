package io.github.scalingtoolkit.cache;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Every interleaving of readers, writers and evictors on one key, step by step: what the database has, what stands at
 * the key, and how far each process is.
 *
 * <p>A step is one command to Redis or one to the database. Besides, values and leases may vanish at any time (expiry,
 * eviction), a writer may die after any step, and a tombstone's record may reach its deadline once its writer has
 * written or died: each record by itself, which is one transition each. Where more records stand than are kept apart,
 * those before become one of nobody's, which ends by none of their writers but only once each of them might have ended.
 * A renewal of a lease may run at any time after the lease was taken; one that only prolongs it is no transition here.
 */
final class ProtocolModel {
  enum Protocol {
    /** SET after a load, DEL after a write. */
    NAIVE,
    /** Fill under a lease, DEL after a write. */
    LEASE,
    /** Fill under a lease, a tombstone that belongs to the last writer alone. */
    SINGLE_OWNER,
    /** Fill under a lease, a tombstone with a record a writer: what this module does. */
    RECORDS
  }

  record Setting(
      Protocol protocol,
      int readers,
      int writers,
      int evictors,
      boolean crashes,
      boolean evictKeepsT,
      int keptApart,
      Renewal renewal) {}

  /** What a renewal of a lease does, which may run late: after the lease, and after its load. */
  enum Renewal {
    NONE,
    /**
     * Prolongs the lease if it is there: what this module does. Leases have no time here, so it changes nothing: that the
     * script brings none back is for {@code ScriptContractTest}.
     */
    PROLONGS,
    /** Sets the lease, whatever has become of it. */
    SETS
  }

  record Result(int states, int stale, List<String> firstStale) {}

  private enum Kind {
    READER,
    WRITER,
    EVICTOR
  }

  private static final int DONE = 9;

  /** Added to a writer on the tombstone whose record is part of nobody's. */
  private static final int MERGED = 100;

  private record Process(Kind kind, int step, int loaded) {
    Process at(int next) {
      return new Process(kind, next, loaded);
    }
  }

  /** The key: a value, the reader that holds the lease, or the writers on the tombstone; all null when there is none. */
  private record Key(
      @Nullable Integer value,
      @Nullable Integer lease,
      @Nullable Set<Integer> writers) {
    static final Key NOTHING = new Key(null, null, null);

    static Key tombstone(Set<Integer> writers) {
      return writers.isEmpty() ? NOTHING : new Key(null, null, Set.copyOf(writers));
    }

    boolean nothing() {
      return value == null && lease == null && writers == null;
    }
  }

  private record State(int database, Key key, List<Process> processes) {}

  private record Step(State state, String label) {}

  private final Setting setting;

  ProtocolModel(Setting setting) {
    this.setting = setting;
  }

  /** Explores all states. One is stale if all processes are done and the value is not the database's. */
  Result explore() {
    List<Process> processes = new ArrayList<>();
    add(processes, Kind.READER, setting.readers());
    add(processes, Kind.WRITER, setting.writers());
    add(processes, Kind.EVICTOR, setting.evictors());
    State first = new State(0, Key.NOTHING, List.copyOf(processes));
    java.util.Map<State, Step> from = new java.util.HashMap<>();
    Set<State> seen = new HashSet<>(Set.of(first));
    ArrayDeque<State> queue = new ArrayDeque<>(seen);
    int stale = 0;
    List<String> trace = List.of();
    while (!queue.isEmpty()) {
      State state = queue.poll();
      if (stale(state)) {
        stale++;
        trace = trace.isEmpty() ? trace(from, state) : trace;
      }
      for (Step step : steps(state)) {
        if (seen.add(step.state())) {
          from.put(step.state(), new Step(state, step.label()));
          queue.add(step.state());
        }
      }
    }
    return new Result(seen.size(), stale, trace);
  }

  private static boolean stale(State state) {
    return state.processes().stream().allMatch(process -> process.step() == DONE)
        && state.key().value() != null
        && state.key().value() != state.database();
  }

  private static List<String> trace(java.util.Map<State, Step> from, State end) {
    ArrayDeque<String> labels = new ArrayDeque<>();
    for (Step step = from.get(end); step != null; step = from.get(step.state())) {
      labels.addFirst(step.label());
    }
    return List.copyOf(labels);
  }

  private List<Step> steps(State state) {
    List<Step> steps = new ArrayList<>();
    for (int i = 0; i < state.processes().size(); i++) {
      switch (state.processes().get(i).kind()) {
        case READER -> reader(state, i, steps);
        case WRITER -> writer(state, i, steps);
        case EVICTOR -> evictor(state, i, steps);
      }
    }
    Key key = state.key();
    if (key.value() != null || key.lease() != null) {
      steps.add(new Step(
          new State(state.database(), Key.NOTHING, state.processes()), "value or lease vanishes"));
    }
    if (key.writers() != null) {
      Set<Integer> nobodys = new TreeSet<>();
      for (int writer : key.writers()) {
        if (writer >= MERGED) {
          nobodys.add(writer);
        } else {
          recordEnds(state, Set.of(writer), steps);
        }
      }
      if (!nobodys.isEmpty()) {
        recordEnds(state, nobodys, steps);
      }
    }
    return steps;
  }

  private static void recordEnds(State state, Set<Integer> record, List<Step> steps) {
    // Between begin and the database's write a record does not end: writeLifetime is longer.
    if (record.stream().noneMatch(of -> state.processes().get(of % MERGED).step() == 1)) {
      Set<Integer> left = new TreeSet<>(Objects.requireNonNull(state.key().writers()));
      left.removeAll(record);
      steps.add(new Step(
          new State(state.database(), Key.tombstone(left), state.processes()),
          "record of " + record + " ends"));
    }
  }

  private void reader(State state, int i, List<Step> steps) {
    Process process = state.processes().get(i);
    Key key = state.key();
    boolean leases = setting.protocol() != Protocol.NAIVE;
    switch (process.step()) {
      case 0 -> {
        if (!key.nothing()) {
          steps.add(step(state, i, process.at(DONE), key, state.database(), "hit or bypass"));
        } else {
          Key after = leases ? new Key(null, i, null) : key;
          steps.add(step(state, i, process.at(1), after, state.database(), "miss"));
        }
      }
      case 1 ->
        steps.add(step(
            state,
            i,
            new Process(process.kind(), 2, state.database()),
            key,
            state.database(),
            "load " + state.database()));
      case 2 -> {
        boolean stores = !leases || (key.lease() != null && key.lease() == i);
        Key after = stores ? new Key(process.loaded(), null, null) : key;
        // What was loaded no longer matters: fewer states.
        steps.add(step(
            state,
            i,
            new Process(process.kind(), DONE, 0),
            after,
            state.database(),
            stores ? "fill " + process.loaded() : "fill refused"));
      }
      default -> {}
    }
    if (setting.renewal() != Renewal.NONE && process.step() != 0) {
      steps.add(step(state, i, process, renewed(key, i), state.database(), "renew"));
    }
  }

  private Key renewed(Key key, int i) {
    boolean there = key.lease() != null && key.lease() == i;
    // A key that is written or has a value is not in the way of a lease that is only set where
    // there is none.
    return there || (setting.renewal() == Renewal.SETS && key.nothing())
        ? new Key(null, i, null)
        : key;
  }

  private void writer(State state, int i, List<Step> steps) {
    Process process = state.processes().get(i);
    switch (process.step()) {
      case 0 ->
        steps.add(step(state, i, process.at(1), begin(state.key(), i), state.database(), "begin"));
      case 1 -> {
        steps.add(
            step(state, i, process.at(2), state.key(), state.database() + 1, "write database"));
        crash(state, i, steps);
      }
      case 2 -> {
        steps.add(step(state, i, process.at(DONE), end(state.key(), i), state.database(), "end"));
        crash(state, i, steps);
      }
      default -> {}
    }
  }

  private Key begin(Key key, int i) {
    return switch (setting.protocol()) {
      case NAIVE, LEASE -> key;
      case SINGLE_OWNER -> Key.tombstone(Set.of(i));
      case RECORDS -> {
        Set<Integer> writers = new TreeSet<>(key.writers() == null ? Set.of() : key.writers());
        if (writers.stream().filter(writer -> writer < MERGED).count() >= setting.keptApart()) {
          writers = writers.stream()
              .map(writer -> writer < MERGED ? writer + MERGED : writer)
              .collect(Collectors.toCollection(TreeSet::new));
        }
        writers.add(i);
        yield Key.tombstone(writers);
      }
    };
  }

  private Key end(Key key, int i) {
    return switch (setting.protocol()) {
      case NAIVE, LEASE -> Key.NOTHING;
      case SINGLE_OWNER -> key.writers() != null && !key.writers().contains(i) ? key : Key.NOTHING;
      case RECORDS -> {
        Set<Integer> left = new TreeSet<>(key.writers() == null ? Set.of() : key.writers());
        left.remove(i);
        yield Key.tombstone(left);
      }
    };
  }

  /** A write to the database by others, and then an evict. */
  private void evictor(State state, int i, List<Step> steps) {
    Process process = state.processes().get(i);
    Key key = state.key();
    switch (process.step()) {
      case 0 ->
        steps.add(step(state, i, process.at(1), key, state.database() + 1, "write database"));
      case 1 -> {
        boolean keeps = setting.evictKeepsT() && key.writers() != null;
        steps.add(
            step(state, i, process.at(DONE), keeps ? key : Key.NOTHING, state.database(), "evict"));
      }
      default -> {}
    }
  }

  private void crash(State state, int i, List<Step> steps) {
    if (setting.crashes()) {
      steps.add(step(
          state, i, state.processes().get(i).at(DONE), state.key(), state.database(), "crash"));
    }
  }

  private static Step step(
      State state, int i, Process process, Key key, int database, String label) {
    List<Process> processes = new ArrayList<>(state.processes());
    processes.set(i, process);
    return new Step(
        new State(database, key, List.copyOf(processes)),
        process.kind().name().toLowerCase(java.util.Locale.ROOT) + " " + i + ": " + label);
  }

  private static void add(List<Process> processes, Kind kind, int count) {
    for (int i = 0; i < count; i++) {
      processes.add(new Process(kind, 0, 0));
    }
  }
}
