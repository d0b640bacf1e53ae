package io.github.scalingtoolkit.core.redis;

/**
 * Told of messages, and of when there may have been messages that it was not told of.
 *
 * <p>Calls come on the subscription's own threads, and on a cluster from several at a time for messages; the calls to
 * {@link #onLive} and {@link #onGap} never overlap each other. They must be quick: whoever is slow here is late there.
 */
public interface ChannelListener {
  /** A message came. On a cluster each comes once from every node. */
  void onMessage(byte[] message);

  /** From now on every message is delivered, until {@link #onGap}. What was published before is not. */
  void onLive();

  /** From now on messages may be missed, until {@link #onLive}. The first state, before any call, is the same. */
  void onGap();
}
