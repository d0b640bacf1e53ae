package io.github.scalingtoolkit.todo.stores;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.scalingtoolkit.core.settings.Secret;
import io.github.scalingtoolkit.todo.embedded.ChildJvm;
import io.github.scalingtoolkit.todo.embedded.DemoChild;
import io.github.scalingtoolkit.todo.stores.StoresException.Reason;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataDirectoryTest {
  @TempDir
  private Path parent;

  @Test
  void isMadeWithItsParentsForItsOwnerOnly() throws Exception {
    Path wished = parent.resolve("a/data");

    try (DataDirectory directory = DataDirectory.open(wished)) {
      assertThat(directory.path()).isEqualTo(wished.toRealPath());
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(wished)))
          .isEqualTo("rwx------");
      assertThat(directory.path().resolve("lock"))
          .hasContent(ProcessHandle.current().pid() + "\n");
    }
  }

  @Test
  void refusesASecondProcessAndNamesTheOwner() {
    try (DataDirectory directory = DataDirectory.open(parent);
        ChildJvm second = ChildJvm.start(DemoChild.class, parent.toString())) {
      String refusal = second.awaitLine("refused ");

      assertThat(second.awaitEnd()).isEqualTo(3);
      assertThat(refusal)
          .isEqualTo("3: data directory " + directory.path() + " is in use by process "
              + ProcessHandle.current().pid()
              + "; stop it, or set DATA_DIR to another directory");
    }
  }

  @Test
  void isRefusedASecondTimeInThisProcessWhichKeepsItsLock() {
    try (DataDirectory directory = DataDirectory.open(parent)) {
      assertThatThrownBy(() -> DataDirectory.open(parent.resolve("../" + parent.getFileName())))
          .asInstanceOf(InstanceOfAssertFactories.type(StoresException.class))
          .returns(Reason.IN_USE, StoresException::reason)
          .returns(3, StoresException::exitCode);

      try (ChildJvm other = ChildJvm.start(DemoChild.class, directory.path().toString())) {
        assertThat(other.awaitLine("refused ")).contains("is in use by process");
      }
    }
  }

  @Test
  void isFreeOnceItsOwnerIsKilledOrCloses() {
    try (ChildJvm owner = ChildJvm.start(DemoChild.class, parent.toString())) {
      owner.awaitLine("ready");
      assertThatThrownBy(() -> DataDirectory.open(parent))
          .hasMessageContaining("is in use by process " + owner.pid());

      owner.kill();
    }

    DataDirectory.open(parent).close();
    DataDirectory.open(parent).close();
  }

  @Test
  void saysThatItCannotBeWritten() throws Exception {
    Path file = Files.writeString(parent.resolve("file"), "not a directory");

    assertThatThrownBy(() -> DataDirectory.open(file.resolve("data")))
        .isInstanceOf(StoresException.class)
        .hasMessageContaining("data directory " + file.resolve("data") + " cannot be written")
        .hasMessageContaining("set DATA_DIR")
        .asInstanceOf(InstanceOfAssertFactories.type(StoresException.class))
        .returns(Reason.NOT_WRITABLE, StoresException::reason)
        .returns(3, StoresException::exitCode);
    assertThat(file).hasContent("not a directory");
  }

  @Test
  void keepsASecretThatOnlyItsOwnerCanRead() throws Exception {
    Secret first;
    try (DataDirectory directory = DataDirectory.open(parent)) {
      first = directory.secretFile("jwt.key", 48);
    }
    Path file = parent.resolve("jwt.key");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));

    Secret second;
    try (DataDirectory directory = DataDirectory.open(parent)) {
      second = directory.secretFile("jwt.key", 48);
    }

    assertThat(second).isEqualTo(first);
    assertThat(first.revealBytes()).hasSize(64);
    assertThat(Files.readString(file)).isEqualTo(first.reveal());
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
  }

  @Test
  void doesNotReplaceASecretThatIsTooShort() throws Exception {
    Path file = Files.writeString(parent.resolve("jwt.key"), "short", StandardCharsets.UTF_8);

    try (DataDirectory directory = DataDirectory.open(parent)) {
      assertThatThrownBy(() -> directory.secretFile("jwt.key", 48))
          .hasMessageContaining("jwt.key has 5 characters where at least 48 are needed")
          .hasMessageNotContaining("short")
          .asInstanceOf(InstanceOfAssertFactories.type(StoresException.class))
          .returns(Reason.CORRUPT, StoresException::reason);
    }
    assertThat(file).hasContent("short");
  }

  @Test
  void aSecretFileThatAnEditorHasAddedToIsRefusedWithItsName() throws Exception {
    Path file = parent.resolve("jwt.key");
    Files.writeString(file, "\uFEFF" + "s3cret".repeat(10));

    try (DataDirectory directory = DataDirectory.open(parent)) {
      assertThatThrownBy(() -> directory.secretFile("jwt.key", 48))
          .hasMessageContaining("jwt.key line 1 holds a byte order mark")
          .hasMessageNotContaining("s3cret")
          .asInstanceOf(InstanceOfAssertFactories.type(StoresException.class))
          .returns(Reason.CORRUPT, StoresException::reason);
    }
  }
}
