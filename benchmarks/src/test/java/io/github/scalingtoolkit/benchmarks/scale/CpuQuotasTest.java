package io.github.scalingtoolkit.benchmarks.scale;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.abort;

import io.github.scalingtoolkit.benchmarks.load.ProcUsage;
import io.github.scalingtoolkit.testing.Await;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CpuQuotasTest {
  @TempDir
  private Path directory;

  @Test
  void aProcessWithAQuotaHasToWaitAndOneWithoutHasNot() throws Exception {
    Process busy = busy();
    try (CpuQuotas quotas = open()) {
      CpuQuotas.Limit limit = quotas.limit("busy", busy.pid());
      limit.apply(0.1, 20);
      CpuQuotas.Waits before = limit.waits();

      Await.until("ten periods have passed", () -> limit.waits().periods() > before.periods() + 10);

      // Of a few periods on a busy machine; without a quota it would be none.
      assertThat(limit.waits().shareSince(before)).isGreaterThan(0.3);
      limit.lift();
      CpuQuotas.Waits lifted = limit.waits();
      long used = cpuMillis(busy);
      Await.until("it has worked", () -> cpuMillis(busy) - used > 100);
      assertThat(limit.waits().throttled()).isEqualTo(lifted.throttled());
    } finally {
      busy.destroyForcibly();
    }
  }

  @Test
  void closingRemovesTheGroupsOfProcessesThatRunAndLeavesThose() throws Exception {
    Process busy = busy();
    try {
      CpuQuotas quotas = open();
      quotas.limit("busy", busy.pid());
      assertThat(groupOf(busy)).contains("todo-benchmarks-");

      quotas.close();

      assertThat(groupOf(busy)).doesNotContain("todo-benchmarks-");
      assertThat(busy.isAlive()).isTrue();
    } finally {
      busy.destroyForcibly();
    }
  }

  @Test
  void whatAKilledSessionLeftIsEndedAndRemovedByTheNext() throws Exception {
    Process busy = busy();
    Process killed = new ProcessBuilder("sleep", "600").start();
    try (CpuQuotas quotas = open()) {
      CpuQuotas.Limit limit = quotas.limit("busy", busy.pid());
      // As if it were the group of another session, which then is killed.
      Path left = limit
          .group()
          .getParent()
          .resolveSibling("todo-benchmarks-" + killed.pid() + "-"
              + CpuQuotas.startOf(killed.pid()).orElseThrow());
      Files.createDirectory(left);
      Path below = Files.createDirectory(left.resolve("single-1"));
      Files.writeString(below.resolve("cgroup.procs"), Long.toString(busy.pid()));
      CpuQuotas.removeLeftovers(left.getParent());
      assertThat(left).exists();
      killed.destroyForcibly().waitFor();

      CpuQuotas.removeLeftovers(left.getParent());

      assertThat(left).doesNotExist();
      Await.until("what it had started has ended", () -> !busy.isAlive());
    } finally {
      busy.destroyForcibly();
      killed.destroyForcibly();
    }
  }

  @Test
  void version2IsAskedToLetGroupsHaveQuotas() throws Exception {
    Files.writeString(directory.resolve("cgroup.subtree_control"), "memory\n");
    Path own = directory.resolve(CpuQuotas.ownName());
    Files.createDirectory(own);
    Files.writeString(own.resolve("cgroup.subtree_control"), "");

    CpuQuotas quotas = new CpuQuotas(own, false);
    CpuQuotas.delegate(directory);
    CpuQuotas.Limit limit = quotas.limit("single", 4711);
    limit.apply(0.1, 20);

    assertThat(directory.resolve("cgroup.subtree_control")).hasContent("+cpu");
    assertThat(limit.group().resolve("cpu.max")).hasContent("2000 20000");
    assertThat(limit.group().resolve("cgroup.procs")).hasContent("4711");
    limit.lift();
    assertThat(limit.group().resolve("cpu.max")).hasContent("max");
  }

  @Test
  void whereQuotasAreNotPermittedTheReasonIsSaid() {
    assertThatThrownBy(() -> CpuQuotas.open(directory.resolve("nowhere"), true))
        .isInstanceOf(NotRunException.class)
        .hasMessageStartingWith("CPU quotas are not permitted here: NoSuchFileException");
  }

  private static CpuQuotas open() throws InterruptedException {
    try {
      return CpuQuotas.open();
    } catch (NotRunException refused) {
      return abort("NOT RUN: " + refused.getMessage());
    }
  }

  private static Process busy() throws IOException {
    return new ProcessBuilder("sh", "-c", "while :; do :; done").start();
  }

  private static long cpuMillis(Process process) {
    return ProcUsage.of(List.of(process.pid())).map(ProcUsage::cpuMillis).orElse(0L);
  }

  private static String groupOf(Process process) throws IOException {
    return Files.readString(Path.of("/proc", Long.toString(process.pid()), "cgroup"));
  }
}
