package io.github.scalingtoolkit.core.redis;

/**
 * Told of messages, and of when there may have been messages that it was not told of.
 *
 * <p><b>Threads.</b> Messages come on the thread that reads the node's connection, which all channels of an access share:
 * one that is slow delays every channel, so hand long work to a thread of your own. On a cluster the masters' threads
 * call at the same time. {@link #onLive} and {@link #onGap} never overlap each other, and may come on any of those
 * threads, on that of the heartbeat, or on the one that closes the subscription; they must not wait for another thread.
 *
 * <p><b>Order.</b> For one node: the server confirms, {@code onLive}, messages. While one node of a cluster is away, the
 * others' messages still come. After {@code onGap} there is an {@code onLive} before everything is delivered again,
 * however short the gap was.
 *
 * <p><b>What it throws.</b> A message whose {@code onMessage} threw counts as missed: this listener has a gap and is live
 * again within about a heartbeat. Other listeners and channels notice nothing. It is logged at the first time.
 */
public interface ChannelListener {
  /** Takes a message. On a cluster each comes once from every master. */
  void onMessage(byte[] message);

  /** From now on every message is delivered, until {@link #onGap}. What was published before is not. */
  void onLive();

  /** From now on messages may be missed, until {@link #onLive}. The first state, before any call, is the same. */
  void onGap();
}
