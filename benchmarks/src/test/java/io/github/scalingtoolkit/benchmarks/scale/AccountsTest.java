package io.github.scalingtoolkit.benchmarks.scale;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.scalingtoolkit.benchmarks.load.LoadResult;
import io.github.scalingtoolkit.benchmarks.load.Model;
import io.github.scalingtoolkit.benchmarks.load.ProcUsage;
import io.github.scalingtoolkit.benchmarks.report.Run;
import io.github.scalingtoolkit.testing.Await;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;

class AccountsTest {
  private static final long NOBODY = 0;

  @Test
  void othersHaveAShareOfAllTheTimeAndNotOnlyOfTheLoads() throws Exception {
    boolean proc = ProcUsage.of(List.of(ProcessHandle.current().pid())).isPresent();
    assumeTrue(proc, "NOT RUN: there is no /proc");
    Stores none = new Stores(1, URI.create("redis://127.0.0.1:1"), NOBODY, NOBODY, "none");
    Process other = new ProcessBuilder("sh", "-c", "while :; do :; done").start();
    try {
      long before = cpuMillis(other);
      Accounts accounts = Accounts.open(List.of(), none);
      Await.until("it has worked for long", () -> cpuMillis(other) - before > 500);

      Run.Beside beside = accounts.close(load(Duration.ofMillis(10)));

      // Its ticks are counted by others than the clock.
      assertThat(beside.othersShare()).isPositive().isLessThan(1.2);
    } finally {
      other.destroyForcibly();
    }
  }

  private static long cpuMillis(Process process) {
    return ProcUsage.of(List.of(process.pid())).map(ProcUsage::cpuMillis).orElse(0L);
  }

  private static LoadResult load(Duration time) {
    Histogram none = new Histogram(3);
    return new LoadResult(
        new Model.Closed(1), time, 0, 0, List.of(), 0, "", none, none, Duration.ZERO);
  }
}
