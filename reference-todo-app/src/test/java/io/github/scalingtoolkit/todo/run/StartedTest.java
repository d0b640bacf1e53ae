package io.github.scalingtoolkit.todo.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class StartedTest {
  private final List<String> stopped = new ArrayList<>();

  @Test
  void whatHasStartedIsStoppedInReverseIfTheRestFails() {
    IllegalStateException noPort = new IllegalStateException("no port");
    IllegalStateException stuck = new IllegalStateException("stuck");

    assertThatThrownBy(() -> Started.all(started -> {
          started.add("first", stopped::add);
          started.add("second", part -> {
            stopped.add(part);
            throw stuck;
          });
          started.add("third", stopped::add);
          throw noPort;
        }))
        .isSameAs(noPort)
        .hasSuppressedException(stuck);

    assertThat(stopped).containsExactly("third", "second", "first");
  }

  @Test
  void whatHasStartedAsAWholeGoesOn() {
    String whole =
        Started.all(started -> started.add("one", stopped::add) + started.add("two", stopped::add));

    assertThat(whole).isEqualTo("onetwo");
    assertThat(stopped).isEmpty();
  }
}
