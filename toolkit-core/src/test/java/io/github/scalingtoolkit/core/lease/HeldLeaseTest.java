package io.github.scalingtoolkit.core.lease;

import static io.github.scalingtoolkit.core.lease.RedisForLeases.LONG;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.FaultProxy;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** How a lease that is held is renewed, and who is told when it is lost. */
@Tag("slow")
class HeldLeaseTest {
  @RegisterExtension
  private static final RedisForLeases redis = new RedisForLeases();

  @Test
  void aLeaseIsRenewedForAsLongAsItIsHeld() throws Exception {
    Leases leases = redis.leases(Duration.ofSeconds(3));
    Lease lease = leases.acquire("renewed", Duration.ZERO).orElseThrow();
    double first = redis.endOf("renewed");

    Await.until("its end has moved on", () -> redis.endOf("renewed") > first + 500);

    assertThat(lease.isHeld()).isTrue();
    assertThat(leases.acquire("renewed", Duration.ZERO)).isEmpty();
  }

  @Test
  void leasesAreRenewedAlsoWhileTheBreakerBeforeOtherCommandsIsOpen() throws Exception {
    try (RedisAccess access = RedisAccess.builder(redis.server().url())
            .deadline(Duration.ofSeconds(20))
            .build();
        Leases leases = Leases.builder(access).lifetime(Duration.ofSeconds(3)).build()) {
      Lease lease = leases.acquire("breaker", Duration.ZERO).orElseThrow();
      double end = redis.endOf("breaker");
      access.guard().forceOpen();

      Await.until("its end has moved on", () -> redis.endOf("breaker") > end + 500);

      assertThat(lease.isHeld()).isTrue();
    }
  }

  @Test
  void aHolderThatIsCutOffIsToldAndItsSuccessorHasAGreaterToken() throws Exception {
    try (FaultProxy proxy = FaultProxy.to(redis.server().port());
        RedisAccess cutOff = RedisAccess.builder(proxy.redisUrl())
            .deadline(Duration.ofSeconds(5))
            .build()) {
      Leases far = redis.leases(cutOff, Duration.ofSeconds(2));
      Lease lost = far.acquire("cut-off", Duration.ZERO).orElseThrow();
      CountDownLatch told = new CountDownLatch(1);
      lost.onLost(told::countDown);

      proxy.hang();

      Lease next = redis.leases(LONG).acquire("cut-off", LONG).orElseThrow();
      // It ends in its holder's view no later than in Redis, which has just handed it over.
      assertThat(lost.isHeld()).isFalse();
      assertThat(told.await(30, TimeUnit.SECONDS)).isTrue();
      assertThat(next.token()).isGreaterThan(lost.token());
      CountDownLatch late = new CountDownLatch(1);
      lost.onLost(late::countDown);
      assertThat(late.getCount()).isZero();

      proxy.heal();
      lost.close();
      assertThat(redis.leases(LONG).acquire("cut-off", Duration.ZERO)).isEmpty();
      assertThat(next.isHeld()).isTrue();
    }
  }

  @Test
  void aHolderWhoseRenewalHangsIsToldBeforeTheHandover() throws Exception {
    try (FaultProxy proxy = FaultProxy.to(redis.server().port());
        RedisAccess patient = RedisAccess.builder(proxy.redisUrl())
            .deadline(Duration.ofSeconds(30))
            .build()) {
      Leases far = redis.leases(patient, Duration.ofSeconds(1));
      Lease lost = far.acquire("late", Duration.ZERO).orElseThrow();
      CompletableFuture<Long> told = new CompletableFuture<>();
      lost.onLost(() -> told.complete(System.nanoTime()));
      proxy.hang();

      assertThat(redis.leases(LONG).acquire("late", LONG)).isPresent();
      long handedOver = System.nanoTime();

      // It ends here before it does in Redis; the rest is for a busy machine's threads.
      assertThat(Duration.ofNanos(told.get(60, TimeUnit.SECONDS) - handedOver))
          .isLessThan(Duration.ofSeconds(2));
      proxy.heal();
    }
  }

  @Test
  void whatRedisForgotIsLostAndTheNextTokenIsGreaterAllTheSame() throws Exception {
    Leases leases = redis.leases(Duration.ofSeconds(3));
    Lease lease = leases.acquire("forgotten", Duration.ZERO).orElseThrow();
    CountDownLatch told = new CountDownLatch(1);
    lease.onLost(() -> {
      told.countDown();
      throw new IllegalStateException("a listener's own mistake");
    });
    redis.forget("forgotten");

    assertThat(told.await(30, TimeUnit.SECONDS)).isTrue();

    Lease next = leases.acquire("forgotten", Duration.ZERO).orElseThrow();
    assertThat(next.token()).isGreaterThan(lease.token());
  }

  @Test
  void anErrorOfOneListenerKeepsNoOtherLeaseFromBeingRenewedOrTold() throws Exception {
    Leases leases = redis.leases(Duration.ofSeconds(3));
    Lease spoilt = leases.acquire("spoilt", Duration.ZERO).orElseThrow();
    Lease other = leases.acquire("unspoilt", Duration.ZERO).orElseThrow();
    CountDownLatch told = new CountDownLatch(1);
    CountDownLatch toldOther = new CountDownLatch(1);
    spoilt.onLost(() -> {
      throw new AssertionError("a listener's own mistake");
    });
    spoilt.onLost(told::countDown);
    other.onLost(toldOther::countDown);
    redis.forget("spoilt");
    assertThat(told.await(30, TimeUnit.SECONDS)).isTrue();
    double end = redis.endOf("unspoilt");

    Await.until("the other's end has moved on", () -> redis.endOf("unspoilt") > end + 500);

    assertThat(other.isHeld()).isTrue();
    redis.forget("unspoilt");
    assertThat(toldOther.await(30, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void aListenerThatBlocksKeepsNoLeaseFromBeingRenewed() throws Exception {
    Leases leases = redis.leases(Duration.ofSeconds(3));
    Lease lost = leases.acquire("blocking", Duration.ZERO).orElseThrow();
    Lease other = leases.acquire("unblocked", Duration.ZERO).orElseThrow();
    CountDownLatch blocked = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    lost.onLost(() -> {
      blocked.countDown();
      Await.until("it may go on", () -> release.getCount() == 0);
    });
    redis.forget("blocking");
    assertThat(blocked.await(30, TimeUnit.SECONDS)).isTrue();
    double end = redis.endOf("unblocked");

    Await.until("the other's end has moved on", () -> redis.endOf("unblocked") > end + 500);

    assertThat(other.isHeld()).isTrue();
    release.countDown();
  }
}
