package io.github.scalingtoolkit.benchmarks.scale;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * CPU quotas of processes, by control groups of our own: version 1 or 2, whichever the machine has.
 *
 * <p>All groups are below one that carries this process' id and start time, so that a session which was killed can be told
 * from one that runs: {@link #open} ends what such a session left and removes its groups. The groups of this session are
 * removed by {@link #close}, which is called in every way out but kill -9.
 */
final class CpuQuotas implements AutoCloseable {
  private static final String PREFIX = "todo-benchmarks-";
  private static final Path MOUNTS = Path.of("/proc/self/mounts");
  private static final int LONGEST_REMOVAL_MILLIS = 5_000;
  private static final int STEP_MILLIS = 20;

  private final Path own;
  private final boolean isVersion1;
  private final Map<Long, Limit> limits = new HashMap<>();
  private int groups;

  CpuQuotas(Path own, boolean isVersion1) {
    this.own = own;
    this.isVersion1 = isVersion1;
  }

  /**
   * Makes the group of this process, and removes what killed sessions left.
   *
   * @throws NotRunException if quotas are not permitted here, with the reason
   */
  static CpuQuotas open() throws NotRunException, InterruptedException {
    Optional<Path> version1;
    Optional<Path> version2;
    try {
      version1 = mountOf("cgroup", "cpu");
      version2 = mountOf("cgroup2", "");
    } catch (IOException noProc) {
      throw new NotRunException("CPU quotas need Linux: " + noProc.getMessage());
    }
    if (version1.isPresent()) {
      return open(version1.get(), true);
    }
    if (version2.isPresent()) {
      return open(version2.get(), false);
    }
    throw new NotRunException("CPU quotas need a control group file system, and none is mounted");
  }

  /** As {@link #open()}, of the file system that is mounted at {@code root}. */
  static CpuQuotas open(Path root, boolean isVersion1)
      throws NotRunException, InterruptedException {
    try {
      removeLeftovers(root);
      if (!isVersion1) {
        delegate(root);
      }
      Path own = root.resolve(ownName());
      Files.createDirectory(own);
      CpuQuotas quotas = new CpuQuotas(own, isVersion1);
      if (!isVersion1) {
        delegate(own);
      }
      return quotas;
    } catch (IOException refused) {
      throw new NotRunException("CPU quotas are not permitted here: "
          + refused.getClass().getSimpleName() + ": " + refused.getMessage());
    }
  }

  /** Returns the name of the group of this process. */
  static String ownName() {
    long pid = ProcessHandle.current().pid();
    return PREFIX + pid + "-" + startOf(pid).orElse("0");
  }

  /** Returns which control groups these are. */
  String how() {
    return "control groups, version " + (isVersion1 ? 1 : 2);
  }

  /**
   * Moves a process into a group of its own, without a limit yet, or returns that of a process which has one. What it
   * starts later is in the same group.
   *
   * @throws IOException if it has ended, or the group cannot be made
   */
  synchronized Limit limit(String name, long pid) throws IOException {
    @Nullable Limit known = limits.get(pid);
    if (known != null) {
      return known;
    }
    groups++;
    Path group = own.resolve(name.replaceAll("\\W+", "-") + "-" + groups);
    Files.createDirectory(group);
    Limit limit = new Limit(group);
    limits.put(pid, limit);
    Files.writeString(group.resolve("cgroup.procs"), Long.toString(pid));
    return limit;
  }

  /** Removes the groups of processes that have ended. */
  synchronized void removeEmpty() {
    limits.values().removeIf(limit -> {
      try {
        Files.delete(limit.group);
        return true;
      } catch (IOException inUse) {
        return false;
      }
    });
  }

  /** Removes all groups. Processes that still are in them are put back where groups begin. */
  @Override
  public void close() {
    try {
      remove(own, pid -> release(own, pid));
    } catch (IOException left) {
      System.err.println("the control group " + own + " could not be removed and stays until the"
          + " next session: " + left.getMessage());
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** How often processes had to wait. */
  record Waits(long periods, long throttled) {
    /** Returns the share of the periods since {@code before} in which they had to. */
    double shareSince(Waits before) {
      long passed = periods - before.periods;
      return passed <= 0 ? 0 : (double) (throttled - before.throttled) / passed;
    }
  }

  /** The group of one process. */
  final class Limit {
    private final Path group;

    private Limit(Path group) {
      this.group = group;
    }

    Path group() {
      return group;
    }

    /** Lets it use {@code cores} from now on, counted in periods of {@code periodMillis}. */
    void apply(double cores, int periodMillis) throws IOException {
      long period = periodMillis * 1000L;
      long quota = Math.round(cores * period);
      if (isVersion1) {
        Files.writeString(group.resolve("cpu.cfs_quota_us"), "-1");
        Files.writeString(group.resolve("cpu.cfs_period_us"), Long.toString(period));
        Files.writeString(group.resolve("cpu.cfs_quota_us"), Long.toString(quota));
      } else {
        Files.writeString(group.resolve("cpu.max"), quota + " " + period);
      }
    }

    /** Lets it use what there is. */
    void lift() throws IOException {
      if (isVersion1) {
        Files.writeString(group.resolve("cpu.cfs_quota_us"), "-1");
      } else {
        Files.writeString(group.resolve("cpu.max"), "max");
      }
    }

    /** Returns how often it had to wait so far. */
    Waits waits() {
      long periods = 0;
      long throttled = 0;
      try {
        for (String line : Files.readAllLines(group.resolve("cpu.stat"))) {
          if (line.startsWith("nr_periods ")) {
            periods = Long.parseLong(line.substring(11).strip());
          } else if (line.startsWith("nr_throttled ")) {
            throttled = Long.parseLong(line.substring(13).strip());
          }
        }
      } catch (IOException gone) {
        // It has ended; who asks for its answers will say so.
      }
      return new Waits(periods, throttled);
    }
  }

  /** Ends what sessions that were killed have left below {@code root}, and removes their groups. */
  static void removeLeftovers(Path root) throws IOException, InterruptedException {
    for (Path found : directories(root)) {
      String[] words = found.getFileName().toString().split("-");
      if (!found.getFileName().toString().startsWith(PREFIX) || words.length != 4) {
        continue;
      }
      Optional<String> start = startOf(Long.parseLong(words[2]));
      if (start.isEmpty() || !start.get().equals(words[3])) {
        System.out.println("removed what a killed session left: " + found.getFileName());
        remove(found, pid -> ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly));
      }
    }
  }

  private static void remove(Path group, LongConsumer clear)
      throws IOException, InterruptedException {
    for (Path below : directories(group)) {
      remove(below, clear);
    }
    long deadline = System.nanoTime() + LONGEST_REMOVAL_MILLIS * 1_000_000L;
    while (true) {
      for (long pid : processes(group)) {
        clear.accept(pid);
      }
      try {
        Files.deleteIfExists(group);
        return;
      } catch (IOException inUse) {
        if (System.nanoTime() - deadline > 0) {
          throw inUse;
        }
        Thread.sleep(STEP_MILLIS);
      }
    }
  }

  /** Back to the group that all of ours are below. */
  private static void release(Path own, long pid) {
    try {
      Files.writeString(own.resolveSibling("cgroup.procs"), Long.toString(pid));
    } catch (IOException ended) {
      // Then it is in no group.
    }
  }

  private static List<Long> processes(Path group) throws IOException {
    try {
      return Files.readAllLines(group.resolve("cgroup.procs")).stream()
          .map(Long::parseLong)
          .toList();
    } catch (NoSuchFileException gone) {
      return List.of();
    }
  }

  private static List<Path> directories(Path of) throws IOException {
    List<Path> found = new ArrayList<>();
    try (DirectoryStream<Path> all = Files.newDirectoryStream(of, Files::isDirectory)) {
      all.forEach(found::add);
    } catch (NoSuchFileException gone) {
      // Another session has removed it.
    }
    return found;
  }

  /** Lets groups below {@code group} have quotas; version 2 asks for it, and refuses where processes are in the way. */
  static void delegate(Path group) throws IOException {
    Path control = group.resolve("cgroup.subtree_control");
    if (!List.of(Files.readString(control).strip().split(" ")).contains("cpu")) {
      Files.writeString(control, "+cpu");
    }
  }

  private static Optional<Path> mountOf(String type, String option) throws IOException {
    for (String line : Files.readAllLines(MOUNTS)) {
      String[] fields = line.split(" ");
      if (fields[2].equals(type)
          && (option.isEmpty() || List.of(fields[3].split(",")).contains(option))) {
        return Optional.of(Path.of(fields[1]));
      }
    }
    return Optional.empty();
  }

  /** When a process began, in ticks since the machine did: tells it from a later one with the same id. */
  static Optional<String> startOf(long pid) {
    try {
      String stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
      return Optional.of(stat.substring(stat.lastIndexOf(')') + 2).split(" ")[19]);
    } catch (IOException gone) {
      return Optional.empty();
    }
  }
}
