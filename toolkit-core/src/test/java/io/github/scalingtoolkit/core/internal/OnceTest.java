package io.github.scalingtoolkit.core.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class OnceTest {
  private final Once once = new Once();
  private final List<String> lines = new ArrayList<>();

  @Test
  void eachChangeOfStateIsOneLine() {
    once.over(() -> lines.add("was never bad"));
    once.tell(() -> lines.add("bad"));
    once.tell(() -> lines.add("still bad"));
    once.over(() -> lines.add("well"));
    once.over(() -> lines.add("still well"));
    once.tell(() -> lines.add("bad again"));

    assertThat(lines).containsExactly("bad", "well", "bad again");
    assertThat(once.told()).isTrue();
  }

  @Test
  void whatCannotBeLoggedMayBeLoggedLater() {
    once.tell(() -> {
      throw new OutOfMemoryError("none to log with");
    });
    once.tell(() -> lines.add("bad"));

    assertThat(lines).containsExactly("bad");
  }
}
