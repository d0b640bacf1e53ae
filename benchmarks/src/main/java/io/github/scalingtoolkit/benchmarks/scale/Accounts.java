package io.github.scalingtoolkit.benchmarks.scale;

import io.github.scalingtoolkit.benchmarks.load.LoadResult;
import io.github.scalingtoolkit.benchmarks.load.ProcUsage;
import io.github.scalingtoolkit.benchmarks.report.Run;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Who used the machine's CPU during a run: each of the service's processes, the stores, and those who are none of ours. */
final class Accounts {
  private static final int MILLIS_A_TICK = 10;

  private final List<Long> service;
  private final List<Long> stores;
  private final long self = ProcessHandle.current().pid();
  private final List<Long> serviceBefore;
  private final long compilersBefore;
  private final long storesBefore;
  private final long selfBefore;
  private final long machineBefore;
  private final long began;

  private Accounts(List<Long> service, Stores stores) {
    this.service = service;
    this.stores = List.of(stores.mongoPid(), stores.redisPid());
    serviceBefore = each(service);
    compilersBefore = compilers(service);
    storesBefore = cpu(this.stores);
    selfBefore = cpu(List.of(self));
    machineBefore = machine();
    began = System.nanoTime();
  }

  static Accounts open(List<Long> service, Stores stores) {
    return new Accounts(service, stores);
  }

  Run.Beside close(LoadResult result) {
    List<Long> serviceAfter = each(service);
    List<Long> used = new ArrayList<>();
    for (int i = 0; i < service.size(); i++) {
      used.add(serviceAfter.get(i) - serviceBefore.get(i));
    }
    long all = used.stream().mapToLong(Long::longValue).sum();
    long byStores = cpu(stores) - storesBefore;
    long others = machine() - machineBefore - all - byStores - (cpu(List.of(self)) - selfBefore);
    // Of all the time since then: jobs are waited for after the load.
    double capacity =
        (System.nanoTime() - began) / 1e6 * Runtime.getRuntime().availableProcessors();
    return new Run.Beside(
        used.stream().map(one -> (double) one / Math.max(1, all)).toList(),
        Math.max(0, compilers(service) - compilersBefore) / (double) Math.max(1, all),
        1000.0 * byStores / Math.max(1, result.answered()),
        Math.max(0, others / capacity),
        residentMiB(stores.get(0)),
        residentMiB(stores.get(1)));
  }

  /** CPU time of the threads that compile, in milliseconds: of those that still live, so it is a lower bound. */
  private static long compilers(List<Long> pids) {
    long ticks = 0;
    for (long pid : pids) {
      try (Stream<Path> threads = Files.list(Path.of("/proc", Long.toString(pid), "task"))) {
        for (Path thread : threads.toList()) {
          String stat = Files.readString(thread.resolve("stat"));
          if (stat.contains(" CompilerThre")) {
            String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
            ticks += Long.parseLong(fields[11]) + Long.parseLong(fields[12]);
          }
        }
      } catch (IOException gone) {
        // A thread that has ended meanwhile.
      }
    }
    return ticks * MILLIS_A_TICK;
  }

  private static List<Long> each(List<Long> pids) {
    return pids.stream().map(pid -> cpu(List.of(pid))).toList();
  }

  private static long cpu(List<Long> pids) {
    return ProcUsage.of(pids).map(ProcUsage::cpuMillis).orElse(0L);
  }

  private static long residentMiB(long pid) {
    return ProcUsage.of(List.of(pid)).map(usage -> usage.rssBytes() >> 20).orElse(0L);
  }

  /** CPU time of the whole machine that was not idle, in milliseconds; stolen time counts, it was not ours. */
  private static long machine() {
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
}
