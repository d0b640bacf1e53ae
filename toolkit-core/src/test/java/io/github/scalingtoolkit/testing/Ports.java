package io.github.scalingtoolkit.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;

/** Ports nobody listens on right now, on the loopback address. */
public final class Ports {
  private Ports() {}

  /** Returns a free port. */
  public static int free() {
    return free(1, 0).get(0);
  }

  /** Returns {@code count} different ports p for which p and p + {@code alsoAtDistance} are free. */
  public static List<Integer> free(int count, int alsoAtDistance) {
    List<ServerSocket> held = new ArrayList<>();
    try {
      List<Integer> ports = new ArrayList<>();
      while (ports.size() < count) {
        ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        held.add(socket);
        int port = socket.getLocalPort();
        if (alsoAtDistance == 0) {
          ports.add(port);
        } else if (port + alsoAtDistance <= 65535) {
          try {
            held.add(new ServerSocket(port + alsoAtDistance, 1, InetAddress.getLoopbackAddress()));
            ports.add(port);
          } catch (IOException taken) {
            continue;
          }
        } else {
          // The kernel hands out high ports: look below them.
          int low = 10_000 + (int) (Math.random() * 20_000);
          try (ServerSocket a = new ServerSocket(low, 1, InetAddress.getLoopbackAddress());
              ServerSocket b =
                  new ServerSocket(low + alsoAtDistance, 1, InetAddress.getLoopbackAddress())) {
            if (!ports.contains(low) && a.isBound() && b.isBound()) {
              ports.add(low);
            }
          } catch (IOException taken) {
            continue;
          }
        }
      }
      return ports;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      for (ServerSocket socket : held) {
        try {
          socket.close();
        } catch (IOException ignored) {
          // It is free either way.
        }
      }
    }
  }
}
