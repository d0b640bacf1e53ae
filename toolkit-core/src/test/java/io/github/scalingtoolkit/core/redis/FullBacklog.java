package io.github.scalingtoolkit.core.redis;

import java.io.Closeable;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.ArrayList;
import java.util.List;

/** A port that neither takes nor refuses a further connection, as behind a firewall that swallows the first packet. */
final class FullBacklog implements Closeable {
  private final ServerSocket listening;
  private final List<Socket> taken = new ArrayList<>();

  private FullBacklog() throws IOException {
    listening = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
  }

  /** Opens a port and fills what it has room for. */
  static FullBacklog open() throws IOException {
    FullBacklog backlog = new FullBacklog();
    while (backlog.takesAnother()) {
      // Until it does not.
    }
    return backlog;
  }

  int port() {
    return listening.getLocalPort();
  }

  private boolean takesAnother() throws IOException {
    Socket socket = new Socket();
    taken.add(socket);
    try {
      socket.connect(new InetSocketAddress(listening.getInetAddress(), port()), 500);
      return true;
    } catch (SocketTimeoutException full) {
      return false;
    }
  }

  @Override
  public void close() throws IOException {
    for (Socket socket : taken) {
      socket.close();
    }
    listening.close();
  }
}
