package io.github.scalingtoolkit.core.redis;

/**
 * Callbacks for messages, and for gaps in which messages may have been missed.
 *
 * <p><b>Threads.</b> Messages come on the thread that reads the node's connection, which all channels of an access share:
 * a slow listener delays every channel, so pass long work to another thread. On a cluster the masters' threads
 * call at the same time. {@link #onLive} and {@link #onGap} never overlap each other, and may come on any of those
 * threads, on the heartbeat's, or on the one that closes the subscription; they must not wait for another thread.
 *
 * <p><b>Order.</b> For one node: the server confirms, {@code onLive}, messages. While one node of a cluster is down, the
 * others' messages still arrive. After {@code onGap} there is an {@code onLive} before everything is delivered again,
 * however short the gap was.
 *
 * <p><b>Exceptions.</b> A message whose {@code onMessage} threw counts as missed: this listener has a gap and is live
 * again within about a heartbeat. Other listeners and channels are not affected. The first exception is logged.
 */
public interface ChannelListener {
  /** Receives a message. On a cluster each message arrives once from every master. */
  void onMessage(byte[] message);

  /** From now on every message is delivered, until {@link #onGap}. Earlier messages are not. */
  void onLive();

  /** From now on messages may be missed, until {@link #onLive}. This is also the initial state. */
  void onGap();
}
