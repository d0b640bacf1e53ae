package io.github.scalingtoolkit.benchmarks.callers;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.locks.LockSupport;

/**
 * A network of a known length before a server of this machine: what is answered arrives so much later, however much is on
 * the way at the same time.
 */
final class DelayLine implements AutoCloseable {
  private final int target;
  private final Duration delay;
  private final ServerSocket server;
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();

  private record Chunk(long dueNanos, byte[] bytes) {}

  DelayLine(int target, Duration delay) throws IOException {
    this.target = target;
    this.delay = delay;
    server = new ServerSocket(0, 100, InetAddress.getLoopbackAddress());
    daemon(this::accept);
  }

  int port() {
    return server.getLocalPort();
  }

  private void accept() {
    while (!server.isClosed()) {
      try {
        Socket client = server.accept();
        Socket upstream = new Socket(InetAddress.getLoopbackAddress(), target);
        client.setTcpNoDelay(true);
        upstream.setTcpNoDelay(true);
        sockets.add(client);
        sockets.add(upstream);
        BlockingQueue<Chunk> onTheWay = new LinkedBlockingQueue<>();
        daemon(() -> pass(client, upstream));
        daemon(() -> hold(upstream, onTheWay));
        daemon(() -> deliver(onTheWay, client));
      } catch (IOException closed) {
        return;
      }
    }
  }

  private void pass(Socket from, Socket to) {
    try (from;
        to) {
      from.getInputStream().transferTo(to.getOutputStream());
    } catch (IOException ended) {
      // One side has gone: then the other goes too.
    }
  }

  private void hold(Socket from, BlockingQueue<Chunk> onTheWay) {
    byte[] buffer = new byte[64 * 1024];
    try {
      InputStream in = from.getInputStream();
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        onTheWay.add(new Chunk(System.nanoTime() + delay.toNanos(), Arrays.copyOf(buffer, n)));
      }
    } catch (IOException ended) {
      // As above.
    }
  }

  private void deliver(BlockingQueue<Chunk> onTheWay, Socket to) {
    try {
      OutputStream out = to.getOutputStream();
      while (true) {
        Chunk next = onTheWay.take();
        for (long left = next.dueNanos - System.nanoTime();
            left > 0;
            left = next.dueNanos - System.nanoTime()) {
          LockSupport.parkNanos(left);
        }
        out.write(next.bytes);
      }
    } catch (IOException ended) {
      // As above.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
    for (Socket socket : sockets) {
      socket.close();
    }
  }

  private static void daemon(Runnable task) {
    Thread thread = new Thread(task, "delay-line");
    thread.setDaemon(true);
    thread.start();
  }
}
