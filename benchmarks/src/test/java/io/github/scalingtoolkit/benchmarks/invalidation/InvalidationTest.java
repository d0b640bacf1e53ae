package io.github.scalingtoolkit.benchmarks.invalidation;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.testing.RedisServer;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;

class InvalidationTest {
  @Test
  void everyWriteIsCountedAndEveryEntryGoes() throws Exception {
    try (RedisServer server = RedisServer.start();
        Invalidation invalidation = new Invalidation(server.url())) {
      Histogram unseen = invalidation.measure(200, 2);

      assertThat(unseen.getTotalCount()).isEqualTo(200);
    }
  }
}
