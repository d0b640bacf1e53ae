package io.github.scalingtoolkit.benchmarks.load;

import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;

/**
 * What a generator is to do.
 *
 * @param target where it connects to
 * @param call what it sends
 * @param model when it sends
 * @param time for how long
 */
public record Load(InetSocketAddress target, Call call, Model model, Duration time) {
  public Load {
    if (time.compareTo(Duration.ofMillis(100)) < 0 || time.compareTo(Duration.ofHours(1)) > 0) {
      throw new IllegalArgumentException("time must be 100 ms to 1 h but was " + time);
    }
  }

  /** As the constructor, at the server of {@code base}. */
  public static Load on(URI base, Call call, Model model, Duration time) {
    int port = base.getPort() < 0 ? 80 : base.getPort();
    return new Load(new InetSocketAddress(base.getHost(), port), call, model, time);
  }
}
