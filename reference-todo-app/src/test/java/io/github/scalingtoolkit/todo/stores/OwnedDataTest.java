package io.github.scalingtoolkit.todo.stores;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.todo.stores.EmbeddedStores.AfterKill;
import io.github.scalingtoolkit.todo.stores.StoresException.Reason;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OwnedDataTest {
  @TempDir
  private Path directory;

  @Test
  void waitsForADirectoryThatIsJustBeingGivenUp() throws Exception {
    DataDirectory leaving = DataDirectory.open(directory);

    FutureTask<Path> next = new FutureTask<>(() -> {
      try (OwnedData taken = OwnedData.open(directory, Set.of(), AfterKill.STAYS)) {
        return taken.path();
      }
    });
    Thread other = new Thread(next);
    other.start();
    Await.until("it waits", () -> other.getState() == Thread.State.TIMED_WAITING);
    leaving.close();

    assertThat(next.get(30, TimeUnit.SECONDS)).isEqualTo(directory.toRealPath());
  }

  @Test
  void isRefusedADirectoryThatStaysInUse() {
    try (DataDirectory owner = DataDirectory.open(directory)) {
      assertThat(owner.path()).exists();
      assertThatThrownBy(() -> OwnedData.open(directory, Set.of(), AfterKill.STAYS))
          .isInstanceOfSatisfying(
              StoresException.class,
              refused -> assertThat(refused.reason()).isEqualTo(Reason.IN_USE));
    }
  }
}
