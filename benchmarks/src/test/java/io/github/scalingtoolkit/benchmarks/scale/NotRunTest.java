package io.github.scalingtoolkit.benchmarks.scale;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.scalingtoolkit.benchmarks.load.BodyCheck;
import io.github.scalingtoolkit.benchmarks.load.Call;
import io.github.scalingtoolkit.benchmarks.load.Load;
import io.github.scalingtoolkit.benchmarks.load.Measured;
import io.github.scalingtoolkit.benchmarks.load.Model;
import io.github.scalingtoolkit.benchmarks.load.TinyServer;
import io.github.scalingtoolkit.benchmarks.load.Wrk;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
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
  void packagesOfWhichSomeMayBeMissingAreNotInstalled() throws IOException {
    Path packages = Files.createDirectories(directory.resolve("node_modules"));
    assertThat(ExpressPeer.isInstalled(directory)).isFalse();

    Files.createFile(packages.resolve(".package-lock.json"));
    assertThat(ExpressPeer.isInstalled(directory)).isTrue();
  }

  private static double perSecondOfOurs(TinyServer server) throws Exception {
    Call call = Call.get("fine", server.url(), "/", "", BodyCheck.containing("fine"));
    Load load = Load.on(server.url(), call, new Model.Closed(2), Duration.ofSeconds(1));
    return Measured.run(load, List.of()).result().perSecond();
  }

  @Test
  void wrkCountsWhatItGotAndRefusesErrors() throws Exception {
    assumeTrue(Wrk.installed(), "NOT RUN: wrk is not installed");
    try (TinyServer fine =
            TinyServer.start(exchange -> exchange.getResponseSender().send("fine"));
        TinyServer wrong = TinyServer.start(exchange -> exchange.setStatusCode(500))) {
      double ours = perSecondOfOurs(fine);
      double first = Wrk.perSecond(fine.url(), "", 2, 1);
      double second = Wrk.perSecond(fine.url(), "", 2, 1);
      // On a machine that others use; the command itself allows ten percent of two sound runs.
      assertThat((ours + perSecondOfOurs(fine)) / (first + second)).isBetween(0.2, 5.0);
      assertThatThrownBy(() -> Wrk.perSecond(wrong.url(), "", 2, 1))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("wrk failed");
    }
  }
}
