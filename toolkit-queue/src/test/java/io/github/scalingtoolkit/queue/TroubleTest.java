package io.github.scalingtoolkit.queue;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TroubleTest {
  @Test
  void aRunThatEndedForgetsCrashesButNotHowOftenTheJobRan() {
    Trouble trouble = Trouble.read("1|3|2|worker|7");

    assertThat(trouble).isEqualTo(new Trouble(1, 3, 2, true));
    assertThat(trouble.attempt()).isEqualTo(5);
    assertThat(trouble.failed()).isEqualTo(new Trouble(2, 3, 0, true));
    assertThat(trouble.ended()).isEqualTo(new Trouble(1, 3, 0, true));
  }

  @Test
  void whatWentWellIsNotKeptAndWhatIsDamagedIsNoTrouble() {
    assertThat(Trouble.NONE.ended().text()).isEmpty();
    assertThat(Trouble.NONE.failed().text()).isEqualTo("1|0|0|");
    assertThat(Trouble.read("")).isEqualTo(Trouble.NONE);
    for (String damaged : new String[] {"1", "1|x|0|", "1|1"}) {
      assertThat(Trouble.read(damaged)).as(damaged).isEqualTo(new Trouble(0, 0, 0, true));
    }
  }

  @Test
  void aTimeThatIsKeptIsNoTroubleButIsToBeForgotten() {
    Trouble snoozed = Trouble.read("0|0|0|@1700000000000");

    assertThat(snoozed.attempt()).isEqualTo(1);
    assertThat(snoozed.kept()).isTrue();
    assertThat(snoozed.ended().text()).isEqualTo("0|0|0|");
  }
}
