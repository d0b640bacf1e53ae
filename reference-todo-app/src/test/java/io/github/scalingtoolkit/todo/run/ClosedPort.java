package io.github.scalingtoolkit.todo.run;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;

/** A port of the loopback address that refuses connections, and that no other process can take until this is closed. */
public final class ClosedPort implements AutoCloseable {
  private final Socket holder = new Socket();
  private final int port;

  /** Takes a free one. */
  public ClosedPort() {
    try {
      // Bound, and not listening.
      holder.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    port = holder.getLocalPort();
  }

  /** Returns it. */
  public int port() {
    return port;
  }

  @Override
  public void close() {
    try {
      holder.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
