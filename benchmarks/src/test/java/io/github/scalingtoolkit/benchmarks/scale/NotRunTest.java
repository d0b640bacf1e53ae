package io.github.scalingtoolkit.benchmarks.scale;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.scalingtoolkit.benchmarks.load.TinyServer;
import io.github.scalingtoolkit.benchmarks.load.Wrk;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a machine lacks is said by name. */
class NotRunTest {
  @TempDir
  private Path directory;

  @Test
  void replicasNeedNetworkNamespaces() {
    assertThatThrownBy(PodNetwork::new)
        .isInstanceOf(NotRunException.class)
        .hasMessageContaining("network namespaces are not permitted");
  }

  @Test
  void thePeerNeedsItsPackages() {
    Stores stores = new Stores(1, URI.create("redis://127.0.0.1:1"), 1, 1, "none");
    try (Children children = new Children(directory)) {
      ExpressPeer peer = new ExpressPeer(children, new Artifacts(directory), stores);

      assertThatThrownBy(() -> peer.start("database"))
          .isInstanceOf(NotRunException.class)
          .message()
          .matches("node is not installed|its packages are not installed: npm ci in .*");
    }
  }

  @Test
  void wrkCountsWhatItGotAndRefusesErrors() throws Exception {
    assumeTrue(Wrk.installed(), "NOT RUN: wrk is not installed");
    try (TinyServer fine =
            TinyServer.start(exchange -> exchange.getResponseSender().send("fine"));
        TinyServer wrong = TinyServer.start(exchange -> exchange.setStatusCode(500))) {
      assertThat(Wrk.perSecond(fine.url(), "", 2, 1)).isPositive();
      assertThatThrownBy(() -> Wrk.perSecond(wrong.url(), "", 2, 1))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("wrk failed");
    }
  }
}
