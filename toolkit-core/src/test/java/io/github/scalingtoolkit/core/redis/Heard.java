package io.github.scalingtoolkit.core.redis;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** A listener that keeps what it is told: messages, {@code LIVE} and {@code GAP}. */
class Heard implements ChannelListener {
  final List<String> events = new CopyOnWriteArrayList<>();

  @Override
  public void onMessage(byte[] message) {
    events.add(new String(message, UTF_8));
  }

  @Override
  public void onLive() {
    events.add("LIVE");
  }

  @Override
  public void onGap() {
    events.add("GAP");
  }

  long count(String event) {
    return events.stream().filter(event::equals).count();
  }
}
