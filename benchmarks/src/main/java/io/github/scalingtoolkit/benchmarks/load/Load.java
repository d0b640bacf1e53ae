package io.github.scalingtoolkit.benchmarks.load;

import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.List;

/**
 * What a generator is to do.
 *
 * @param target where it connects to
 * @param calls what it sends, in turn and over and over; one at least
 * @param model when it sends
 * @param time for how long
 */
public record Load(InetSocketAddress target, List<Call> calls, Model model, Duration time) {
  public Load {
    calls = List.copyOf(calls);
    if (calls.isEmpty()) {
      throw new IllegalArgumentException("calls must be one at least but were none");
    }
    if (time.compareTo(Duration.ofMillis(100)) < 0 || time.compareTo(Duration.ofHours(1)) > 0) {
      throw new IllegalArgumentException("time must be 100 ms to 1 h but was " + time);
    }
  }

  /** One call over and over, at the server of {@code base}. */
  public static Load on(URI base, Call call, Model model, Duration time) {
    return on(base, List.of(call), model, time);
  }

  /** As the constructor, at the server of {@code base}. */
  public static Load on(URI base, List<Call> calls, Model model, Duration time) {
    int port = base.getPort() < 0 ? 80 : base.getPort();
    return new Load(new InetSocketAddress(base.getHost(), port), calls, model, time);
  }
}
