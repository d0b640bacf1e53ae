package io.github.scalingtoolkit.todo.mongo;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.todo.domain.TodoId;
import java.time.Instant;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.bson.types.ObjectId;
import org.junit.jupiter.api.Test;

class TodoIdsTest {
  private static final Instant NOON = Instant.parse("2026-01-02T12:00:00.500Z");

  @Test
  void idsOfSeveralProcessesSortByTheMillisecond() {
    for (int round = 0; round < 100; round++) {
      String first = new TodoIds().next(NOON).hex();
      String second = new TodoIds().next(NOON.plusMillis(1)).hex();
      String third = new TodoIds().next(NOON.plusMillis(500)).hex();

      assertThat(List.of(first, second, third)).isSorted();
    }
  }

  @Test
  void idsOfOneProcessSortAsDrawnWhateverTheClockDoes() {
    TodoIds ids = new TodoIds();

    List<String> drawn = IntStream.range(0, 200_000)
        .mapToObj(i -> ids.next(NOON.minusMillis(i % 3)))
        .map(TodoId::hex)
        .collect(Collectors.toList());

    assertThat(drawn).isSorted().doesNotHaveDuplicates();
  }

  @Test
  void readersFindTheTimeInThem() {
    ObjectId id = new ObjectId(new TodoIds().next(NOON).hex());

    assertThat(id.getDate().toInstant()).isEqualTo(Instant.parse("2026-01-02T12:00:00Z"));
  }
}
