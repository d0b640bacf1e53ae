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
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a machine lacks is said by name. */
class NotRunTest {
  @Test
  void replicasNeedNetworkNamespaces() {
    assertThatThrownBy(PodNetwork::new)
        .isInstanceOf(NotRunException.class)
        .hasMessageContaining("network namespaces are not permitted");
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
