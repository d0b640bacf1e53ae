package io.github.scalingtoolkit.queue;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SlotPoolTest {
  private final List<String> called = new ArrayList<>();
  private final SlotPool pool = new SlotPool(4);
  private final Slots a = new Slots(pool, Map.of("t", 4), () -> called.add("a"));
  private final Slots b = new Slots(pool, Map.of("t", 4), () -> called.add("b"));

  @Test
  void aQueueTakesAllWhileNoOtherHasJobsToClaim() {
    assertThat(a.take(10, true)).isEqualTo(4);
    assertThat(a.mayPassOn()).isTrue();
    assertThat(a.free()).isZero();
  }

  @Test
  void whileAnotherIsHungrySlotsDoNotPassOnAndEachTakesItsShare() {
    a.take(10, true);
    assertThat(b.take(10, true)).isZero();
    assertThat(a.mayPassOn()).isFalse();
    called.clear();

    a.unused(1);
    assertThat(called).containsExactly("b");
    assertThat(a.take(10, true)).as("b comes first").isZero();
    assertThat(b.take(10, true)).isEqualTo(1);
    a.unused(1);
    assertThat(b.take(10, true)).isEqualTo(1);
    a.unused(1);
    assertThat(b.take(10, true)).as("beyond its half").isZero();
    assertThat(a.take(10, true)).isEqualTo(1);
  }

  @Test
  void aQueueThatIsNoLongerHungryLetsTheOthersHaveWhatWasLeftToIt() {
    a.take(10, true);
    b.take(10, true);
    a.unused(1);
    assertThat(a.take(1, true)).isZero();
    called.clear();

    b.hungry(false);

    assertThat(called).containsExactly("a");
    assertThat(a.take(1, true)).isEqualTo(1);
  }

  @Test
  void noFreeSlotIsLeftToAQueueThatHasItsShare() {
    assertThat(b.take(2, true)).isEqualTo(2);
    assertThat(a.take(1, true)).isEqualTo(1);
    b.hungry(true);
    assertThat(a.take(5, true)).isEqualTo(1);
    assertThat(pool.free()).isZero();
  }
}
