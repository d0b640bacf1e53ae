package io.github.scalingtoolkit.core.redis;

import java.util.List;

/** A channel and its listeners, at least one. Immutable. */
record Channel(String name, List<ChannelSubscription> subscriptions) {}
