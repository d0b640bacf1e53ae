package io.github.scalingtoolkit.core.redis;

import java.util.List;

/** A channel and who listens to it, at least one. Immutable. */
record Channel(String name, List<ChannelSubscription> subscriptions) {}
