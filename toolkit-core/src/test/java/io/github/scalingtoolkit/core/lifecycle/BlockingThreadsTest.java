package io.github.scalingtoolkit.core.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.concurrent.ExecutorService;
import org.junit.jupiter.api.Test;

class BlockingThreadsTest {
  @Test
  void theExecutorRunsTasksOnNamedThreadsThatKeepNoJvmUp() throws Exception {
    ExecutorService executor = BlockingThreads.executor("blocking-test-", 2);
    try {
      Thread thread = executor.submit(Thread::currentThread).get();

      assertThat(thread.isDaemon()).isTrue();
      assertThat(thread.getName()).startsWith("blocking-test-");
    } finally {
      executor.shutdownNow();
    }
  }

  @Test
  void aBoundBelowOneIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> BlockingThreads.executor("blocking-test-", 0))
        .withMessage("maxPlatformThreads must be >= 1 but was 0");
  }
}
