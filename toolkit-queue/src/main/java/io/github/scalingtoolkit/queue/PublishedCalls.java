package io.github.scalingtoolkit.queue;

import io.github.scalingtoolkit.core.redis.ChannelListener;
import io.github.scalingtoolkit.core.redis.ChannelSubscription;
import java.util.ArrayList;
import java.util.List;

/**
 * By the subscription of the Redis access, for several queues on a cluster: a blocking command would take a connection a
 * queue. A call that is lost is made up for by the next beat, which looks.
 */
final class PublishedCalls implements Calls {
  private final List<Station> stations;
  private final List<ChannelSubscription> subscriptions = new ArrayList<>();

  PublishedCalls(List<Station> stations) {
    this.stations = List.copyOf(stations);
  }

  @Override
  public void start() {
    for (Station station : stations) {
      station.claims().listens();
      subscriptions.add(station
          .queue()
          .redis()
          .subscribe(station.queue().key("n"), new ChannelListener() {
            @Override
            public void onMessage(byte[] type) {
              station.heard(Scripts.text(type));
            }

            @Override
            public void onLive() {
              // What was published before was not heard.
              station.called();
            }

            @Override
            public void onGap() {
              // The beats look.
            }
          }));
    }
  }

  @Override
  public void idle() {
    // Each call is heard anyway.
  }

  @Override
  public void close() {
    subscriptions.forEach(ChannelSubscription::close);
  }
}
