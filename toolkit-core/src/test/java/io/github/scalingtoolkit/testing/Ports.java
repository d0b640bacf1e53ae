package io.github.scalingtoolkit.testing;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Ports of the loopback address that are free now. None is of those that the kernel hands out for
 * connections and for port 0, and none is given twice: so who starts a server there need not be fast.
 */
public final class Ports {
  private static final int FIRST = 10_000;
  private static final int COUNT = 10_000;
  private static final Set<Integer> GIVEN = ConcurrentHashMap.newKeySet();

  private Ports() {}

  /** Returns a free port from 10000 to 19999; the one that lies 10000 higher, a cluster's bus port, is free as well. */
  public static int free() {
    while (true) {
      int port = FIRST + ThreadLocalRandom.current().nextInt(COUNT);
      if (GIVEN.add(port) && isFree(port) && isFree(port + COUNT)) {
        return port;
      }
    }
  }

  private static boolean isFree(int port) {
    try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
      return socket.isBound();
    } catch (IOException taken) {
      return false;
    }
  }
}
