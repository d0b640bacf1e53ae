package io.github.scalingtoolkit.benchmarks.load;

import java.io.IOException;
import java.time.Duration;
import java.util.List;

/** A JVM that loads both sides' classes on a busy machine can take longer than a short run: here it has. */
public final class Warm {
  private Warm() {}

  /** Returns once an answer of a {@link TinyServer} has been counted. */
  public static void bothSides() throws IOException, InterruptedException {
    try (TinyServer server =
        TinyServer.start(exchange -> exchange.getResponseSender().send("fine"))) {
      Call call = Call.get("warm", server.url(), "/", "", BodyCheck.startingWith("fine"));
      Load load = Load.on(server.url(), call, new Model.Closed(4), Duration.ofSeconds(1));
      LoadResult result;
      do {
        result = Measured.run(load, List.of()).result();
      } while (result.answered() == 0 && result.errors() == 0);
    }
  }
}
