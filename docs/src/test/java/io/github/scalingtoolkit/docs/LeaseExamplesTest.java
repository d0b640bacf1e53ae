package io.github.scalingtoolkit.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.core.lease.Lease;
import io.github.scalingtoolkit.core.lease.Leases;
import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.testing.RedisServer;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** The example of {@code leases.md}, run; {@link SnippetsTest} holds the page to it. */
class LeaseExamplesTest {
  /** Refuses a token less than the greatest it has seen. */
  static final class Store {
    private final Map<String, Long> tokens = new ConcurrentHashMap<>();

    void write(String document, long token) {
      tokens.compute(document, (name, greatest) -> {
        if (greatest != null && greatest > token) {
          throw new IllegalStateException("written since by the holder of token " + greatest);
        }
        return token;
      });
    }
  }

  @Test
  void leasesShowHowWhatMustNotHappenTwiceIsKeptApart() throws InterruptedException {
    Store store = new Store();
    AtomicBoolean stop = new AtomicBoolean();
    try (RedisServer server = RedisServer.start();
        RedisAccess redis =
            RedisAccess.builder(server.url()).deadline(Duration.ofSeconds(20)).build();
        Leases leases = Leases.open(redis)) {
      // tag::lease-run[]
      boolean ran = leases.run("nightly-report", Duration.ofSeconds(5), lease -> {
        store.write("report", lease.token());
      });
      // end::lease-run[]
      // tag::lease[]
      Optional<Lease> lease = leases.acquire("import", 4, Duration.ofSeconds(5));
      if (lease.isPresent()) {
        try (Lease held = lease.get()) {
          held.onLost(() -> stop.set(true));
          store.write("import", held.token());
        }
      }
      // end::lease[]

      assertThat(ran).isTrue();
      assertThat(store.tokens).containsEntry("import", lease.orElseThrow().token());
      assertThat(store.tokens).containsKey("report");
      assertThat(leases.acquire("nightly-report", Duration.ZERO)).isPresent();
      assertThat(stop).isFalse();
    }
  }
}
