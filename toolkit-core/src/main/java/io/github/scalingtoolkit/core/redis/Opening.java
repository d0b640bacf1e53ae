package io.github.scalingtoolkit.core.redis;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** How the clients of an access come to be: opened by the access itself, or given by its user. */
interface Opening {
  /** Returns the clients for commands, with the breakers of a cluster's nodes and of payloads in them. */
  LazyClient<Clients> commands(NodeGuards nodes, NodeGuards payloads);

  /** Returns the client for commands that block; null if there is none. */
  @Nullable
  LazyClient<Clients> blocking();

  /**
   * Returns how many nodes refuse the credentials now; 1 if it is not known which, since the nodes of a cluster or of
   * sentinels are not known yet.
   */
  int refusing();

  /** Tells whether no node of a cluster told its slots when it was asked last. */
  boolean isTopologyStale();

  /** Returns the log of nodes that refuse writes. */
  RefusedWrites refusedWrites();

  /** Clients of our own: those for commands opened at once, those that block at their first use. */
  final class Own implements Opening {
    private static final Duration LONGEST_BLOCK = Duration.ofSeconds(30);

    private final RedisSettings settings;
    private final ClientFactory factory;
    private final List<LazyClient<Clients>> clients = new CopyOnWriteArrayList<>();

    Own(RedisSettings settings) {
      this.settings = settings;
      this.factory = settings.factory();
    }

    @Override
    public LazyClient<Clients> commands(NodeGuards nodes, NodeGuards payloads) {
      return kept(LazyClient.opening(
          settings.url().toString(),
          () -> factory.commands(
              settings.deadline(), settings.poolSize(), settings.coalesced(), nodes, payloads)));
    }

    @Override
    public LazyClient<Clients> blocking() {
      return kept(LazyClient.whenAsked(
          settings.url().toString(), () -> factory.blocking(settings.deadline(), LONGEST_BLOCK)));
    }

    private LazyClient<Clients> kept(LazyClient<Clients> client) {
      clients.add(client);
      return client;
    }

    @Override
    public int refusing() {
      int known = factory.refusing();
      return known == 0 && clients.stream().anyMatch(LazyClient::isRefused) ? 1 : known;
    }

    @Override
    public boolean isTopologyStale() {
      return factory.isTopologyStale();
    }

    @Override
    public RefusedWrites refusedWrites() {
      return factory.refusedWrites();
    }
  }

  /** Clients of somebody else's, which run as they are. */
  record Given(LazyClient<Clients> commands, @Nullable LazyClient<Clients> blocking)
      implements Opening {
    @Override
    public LazyClient<Clients> commands(NodeGuards nodes, NodeGuards payloads) {
      return commands;
    }

    @Override
    public int refusing() {
      return 0;
    }

    @Override
    public boolean isTopologyStale() {
      return false;
    }

    /** Nobody sees the replies to such a client. */
    @Override
    public RefusedWrites refusedWrites() {
      return new RefusedWrites();
    }
  }
}
