package io.github.scalingtoolkit.todo.domain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IdsTest {
  private static final String HEX = "6560f0c0a1b2c3d4e5f60718";

  @Test
  void readsATodoIdInEitherCase() {
    assertThat(TodoId.parse(HEX.toUpperCase(java.util.Locale.ROOT))).contains(new TodoId(HEX));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "6560f0c0a1b2c3d4e5f6071",
        "6560f0c0a1b2c3d4e5f607188",
        "6560f0c0a1b2c3d4e5f6071g",
        "6560f0c0a1b2c3d4e5f6071\u0661",
        "6560f0c0a1b2c3d4e5f6071/",
      })
  void takesNothingElseForATodoId(String text) {
    assertThat(TodoId.parse(text)).isEmpty();
    assertThatIllegalArgumentException().isThrownBy(() -> new TodoId(text));
  }

  @Test
  void derivesTheJobIdFromItsTodo() {
    JobId job = JobId.of(new TodoId(HEX));

    assertThat(job.text()).isEqualTo("n-" + HEX);
    assertThat(JobId.parse(job.text())).contains(job);
    assertThat(job.todoId()).isEqualTo(new TodoId(HEX));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "n-",
        "6560f0c0a1b2c3d4e5f60718",
        "N-6560f0c0a1b2c3d4e5f60718",
        "n-6560F0C0A1B2C3D4E5F60718",
        "n-6560f0c0a1b2c3d4e5f60718 ",
        "n-n-6560f0c0a1b2c3d4e5f60718",
      })
  void takesNoJobIdThatWasNotGivenOut(String text) {
    assertThat(JobId.parse(text)).isEmpty();
  }

  @Test
  void refusesABlankUser() {
    assertThatIllegalArgumentException().isThrownBy(() -> new UserId(" "));
  }
}
