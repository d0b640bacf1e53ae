package io.github.scalingtoolkit.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.cache.ProtocolModel.Protocol;
import io.github.scalingtoolkit.cache.ProtocolModel.Renewal;
import io.github.scalingtoolkit.cache.ProtocolModel.Result;
import io.github.scalingtoolkit.cache.ProtocolModel.Setting;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProtocolModelTest {
  private static Result explore(
      Protocol protocol, int readers, int writers, int evictors, boolean crashes, boolean keepsT) {
    return new ProtocolModel(
            new Setting(protocol, readers, writers, evictors, crashes, keepsT, 1024, Renewal.NONE))
        .explore();
  }

  @ParameterizedTest
  @CsvSource({"1,1,0", "3,2,0", "2,3,0", "2,2,1", "3,1,1", "2,1,2"})
  void tombstoneRecordsLeaveNothingStaleInAnyInterleaving(int readers, int writers, int evictors) {
    Result result = explore(Protocol.RECORDS, readers, writers, evictors, true, true);

    assertThat(result.states()).isGreaterThan(20);
    assertThat(result.firstStale()).isEmpty();
    assertThat(result.stale()).isZero();
  }

  @ParameterizedTest
  @CsvSource({"2,2,0,1", "2,3,0,1", "1,3,0,2", "2,2,1,1"})
  void mergedRecordsWithoutAnOwnerLeaveNothingStaleEither(
      int readers, int writers, int evictors, int keptApart) {
    Setting setting = new Setting(
        Protocol.RECORDS, readers, writers, evictors, true, true, keptApart, Renewal.PROLONGS);

    Result result = new ProtocolModel(setting).explore();

    assertThat(result.states()).isGreaterThan(20);
    assertThat(result.firstStale()).isEmpty();
    assertThat(result.stale()).isZero();
  }

  @Test
  void theCheckFindsThatDeleteAfterWriteIsNotEnough() {
    Result result = explore(Protocol.NAIVE, 1, 1, 0, false, true);

    assertThat(result.stale()).isPositive();
    assertThat(result.firstStale()).last().asString().contains("fill 0");
  }

  @Test
  void theCheckFindsThatLeasesAloneDoNotOutliveAWriter() {
    assertThat(explore(Protocol.LEASE, 2, 2, 0, false, true).stale()).isZero();

    assertThat(explore(Protocol.LEASE, 2, 1, 0, true, true).stale()).isPositive();
  }

  @Test
  void theCheckFindsThatATombstoneOfTheLastWriterAloneIsNotEnough() {
    assertThat(explore(Protocol.SINGLE_OWNER, 2, 1, 0, true, true).stale()).isZero();

    assertThat(explore(Protocol.SINGLE_OWNER, 2, 2, 0, true, true).stale()).isPositive();
  }

  @Test
  void theCheckFindsThatAnEvictMustLeaveTheTombstone() {
    assertThat(explore(Protocol.RECORDS, 2, 1, 1, true, false).stale()).isPositive();
  }

  private static Result renewing(Renewal renewal, int readers, int writers, int evictors) {
    return new ProtocolModel(
            new Setting(Protocol.RECORDS, readers, writers, evictors, true, true, 1024, renewal))
        .explore();
  }

  @ParameterizedTest
  @CsvSource({"1,1,0", "3,2,0", "2,2,1", "3,1,1"})
  void aRenewalThatOnlyProlongsAddsNoState(int readers, int writers, int evictors) {
    // A lease has no time in this model: it may vanish at any step, renewed or not.
    Result result = renewing(Renewal.PROLONGS, readers, writers, evictors);

    assertThat(result).isEqualTo(renewing(Renewal.NONE, readers, writers, evictors));
    assertThat(result.stale()).isZero();
  }

  @Test
  void theCheckFindsThatARenewalMustNotBringALeaseBack() {
    Result result = renewing(Renewal.SETS, 1, 1, 0);

    assertThat(result.stale()).isPositive();
    assertThat(result.firstStale()).anyMatch(step -> step.contains("renew"));
  }
}
