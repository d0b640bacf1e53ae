package io.github.scalingtoolkit.benchmarks.scale;

import io.github.scalingtoolkit.benchmarks.load.ProcUsage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Who used the machine's CPU in a span of time: a row's processes, the stores, the generator, and all others. */
final class CpuUse {
  private static final int MILLIS_A_TICK = 10;

  private final List<Long> service;
  private final List<Long> front;
  private final List<Long> stores;
  private final List<Long> self = List.of(ProcessHandle.current().pid());
  private final Map<Long, Reading> before = new HashMap<>();
  private final long machineBefore;
  private final long began;

  private CpuUse(Target target, Stores stores) {
    service = target.pids();
    front = target.front();
    this.stores = List.of(stores.mongoPid(), stores.redisPid());
    for (List<Long> pids : List.of(service, front, this.stores, self)) {
      pids.forEach(pid -> before.put(pid, Reading.of(pid)));
    }
    machineBefore = machineMillis();
    began = System.nanoTime();
  }

  /** Begins to count. */
  static CpuUse open(Target target, Stores stores) {
    return new CpuUse(target, stores);
  }

  /**
   * What was used.
   *
   * @param serviceMicros by the processes that answer
   * @param frontMicros by what is before them
   * @param storesMicros by the stores
   * @param compilerShare how much of the row's was compiling, a share
   * @param allCores by all three and the generator, in cores
   * @param othersShare by all others, a share of the machine
   */
  record Used(
      double serviceMicros,
      double frontMicros,
      double storesMicros,
      double compilerShare,
      double allCores,
      double othersShare) {}

  /** Returns what was used since it was opened. */
  Used close() {
    Map<Long, Reading> after = new HashMap<>();
    before.keySet().forEach(pid -> after.put(pid, Reading.of(pid)));
    double elapsed = (System.nanoTime() - began) / 1e3;
    long machine = machineMillis() - machineBefore;
    double byService = micros(service, after);
    double byFront = micros(front, after);
    double byStores = micros(stores, after);
    double ours = byService + byFront + byStores + micros(self, after);
    double others = machine * 1e3 - ours;
    double compilers = 0;
    for (List<Long> pids : List.of(service, front)) {
      for (long pid : pids) {
        compilers += reading(after, pid).compilerNanos - reading(before, pid).compilerNanos;
      }
    }
    return new Used(
        byService,
        byFront,
        byStores,
        Math.max(0, compilers / 1e3) / Math.max(1, byService + byFront),
        ours / elapsed,
        Math.max(0, others / (elapsed * Runtime.getRuntime().availableProcessors())));
  }

  private double micros(List<Long> pids, Map<Long, Reading> after) {
    return pids.stream()
        .mapToDouble(pid -> reading(after, pid).microsSince(reading(before, pid)))
        .sum();
  }

  private static Reading reading(Map<Long, Reading> readings, long pid) {
    @Nullable Reading reading = readings.get(pid);
    return reading == null ? Reading.NONE : reading;
  }

  /**
   * A process' CPU time so far: by its threads, to the nanosecond, and in total, to a tick. A quota's slice is a few
   * ticks long, so the former counts, unless threads have ended meanwhile and taken theirs with them.
   */
  private record Reading(Map<Long, Long> nanosOfThreads, long compilerNanos, long tickMillis) {
    static final Reading NONE = new Reading(Map.of(), 0, 0);

    static Reading of(long pid) {
      Map<Long, Long> nanos = new HashMap<>();
      long compilers = 0;
      try (Stream<Path> threads = Files.list(Path.of("/proc", Long.toString(pid), "task"))) {
        for (Path thread : threads.toList()) {
          long used =
              Long.parseLong(Files.readString(thread.resolve("schedstat")).split(" ")[0]);
          nanos.put(Long.parseLong(thread.getFileName().toString()), used);
          if (Files.readString(thread.resolve("comm")).contains("CompilerThre")) {
            compilers += used;
          }
        }
      } catch (IOException gone) {
        // A thread has ended meanwhile: the ticks tell.
      }
      long ticks = ProcUsage.of(List.of(pid)).map(ProcUsage::cpuMillis).orElse(0L);
      return new Reading(nanos, compilers, ticks);
    }

    double microsSince(Reading earlier) {
      long nanos = 0;
      for (Map.Entry<Long, Long> thread : nanosOfThreads.entrySet()) {
        nanos += thread.getValue() - earlier.nanosOfThreads.getOrDefault(thread.getKey(), 0L);
      }
      double millis = Math.max(0, tickMillis - earlier.tickMillis);
      return Math.abs(nanos / 1e6 - millis) <= MILLIS_A_TICK ? nanos / 1e3 : millis * 1e3;
    }
  }

  /** CPU time of the whole machine that was not idle; stolen time counts, it was not ours. */
  private static long machineMillis() {
    try {
      String[] fields = Files.readAllLines(Path.of("/proc/stat")).get(0).strip().split("\\s+");
      long ticks = 0;
      for (int i = 1; i <= 8 && i < fields.length; i++) {
        boolean idle = i == 4 || i == 5;
        ticks += idle ? 0 : Long.parseLong(fields[i]);
      }
      return ticks * MILLIS_A_TICK;
    } catch (IOException noProc) {
      return 0;
    }
  }

  /** Returns the memory that is resident of a row's processes, in MiB; 0 where /proc does not tell. */
  static double residentMiB(Target target) {
    List<Long> all = new ArrayList<>(target.pids());
    all.addAll(target.front());
    return ProcUsage.of(all).map(usage -> usage.rssBytes() / 1_048_576.0).orElse(0.0);
  }
}
