package io.github.scalingtoolkit.benchmarks.scale;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.scalingtoolkit.benchmarks.load.ProcUsage;
import io.github.scalingtoolkit.testing.Await;
import java.net.URI;
import java.util.List;
import org.junit.jupiter.api.Test;

class CpuUseTest {
  private static final long NOBODY = 0;
  private static final URI NOWHERE = URI.create("redis://127.0.0.1:1");

  @Test
  void whatARowUsesIsItsOwnAndWhatOthersUseIsTheirs() throws Exception {
    assumeTrue(
        ProcUsage.of(List.of(ProcessHandle.current().pid())).isPresent(),
        "NOT RUN: there is no /proc");
    Stores none = new Stores(1, NOWHERE, NOBODY, NOBODY, "none");
    Process row = busy();
    Process other = busy();
    try {
      long first = cpuMillis(row);
      CpuUse use = CpuUse.open(target(row.pid()), none);
      long before = cpuMillis(row);
      long ofOther = cpuMillis(other);
      Await.until(
          "both have worked",
          () -> cpuMillis(row) - before > 200 && cpuMillis(other) - ofOther > 200);
      long used = cpuMillis(row) - before;

      CpuUse.Used result = use.close();
      long most = cpuMillis(row) - first;

      // Ticks are 10 ms, and the row works while it is looked at.
      assertThat(result.serviceMicros()).isBetween((used - 20) * 1e3, (most + 20) * 1e3);
      assertThat(result.storesMicros()).isZero();
      assertThat(result.compilerShare()).isZero();
      // Their ticks are counted by others than the clock.
      assertThat(result.othersShare()).isPositive().isLessThan(1.2);
    } finally {
      row.destroyForcibly();
      other.destroyForcibly();
    }
  }

  private static Target target(long pid) {
    return new Target(
        URI.create("http://127.0.0.1:1"),
        "",
        "",
        "",
        List.of(),
        List.of(pid),
        Jobs.Queue.NONE,
        NOWHERE,
        List.of());
  }

  private static Process busy() throws Exception {
    return new ProcessBuilder("sh", "-c", "while :; do :; done").start();
  }

  private static long cpuMillis(Process process) {
    return ProcUsage.of(List.of(process.pid())).map(ProcUsage::cpuMillis).orElse(0L);
  }
}
