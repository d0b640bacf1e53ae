package io.github.scalingtoolkit.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A TCP proxy on the loopback address that can cut, hang, delay, or swallow what the server answers: the network of one
 * process alone.
 */
public final class FaultProxy implements AutoCloseable {
  private static final int LARGEST_STEP = 64 * 1024;

  private volatile int target;
  private final ServerSocket server;
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition flowing = lock.newCondition();

  private volatile boolean cut;
  private volatile boolean hung;
  private final AtomicInteger repliesToDrop = new AtomicInteger();
  private volatile Duration delay = Duration.ZERO;
  private volatile int bytesPerMilli = Integer.MAX_VALUE;
  private volatile boolean closed;

  private FaultProxy(int target) {
    this.target = target;
    try {
      server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
      // Else the kernel would take megabytes from a client while nothing passes.
      server.setReceiveBufferSize(LARGEST_STEP);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    daemon("proxy-accept", this::acceptAll);
  }

  /** Starts a proxy to {@code port} of the loopback address. */
  public static FaultProxy to(int port) {
    return new FaultProxy(port);
  }

  /** Returns the proxy's own port. */
  public int port() {
    return server.getLocalPort();
  }

  /** Returns the URL of a Redis behind the proxy. */
  public String redisUrl() {
    return "redis://127.0.0.1:" + port();
  }

  /** Leads new connections to another port, as an address does behind which another server has taken over. */
  public void leadTo(int port) {
    target = port;
  }

  /** Ends every connection and refuses new ones by ending them at once. */
  public void cut() {
    cut = true;
    dropConnections();
  }

  /** Ends every connection, and accepts new ones. */
  public void dropConnections() {
    sockets.forEach(FaultProxy::abort);
  }

  /** Ends every connection by a reset, as a network does that has forgotten it; accepts new ones. */
  public void resetConnections() {
    for (Socket socket : sockets) {
      try {
        socket.setSoLinger(true, 0);
      } catch (IOException ended) {
        continue;
      }
      abort(socket);
    }
  }

  /** Lets nothing through in either direction; connections stay open. */
  public void hang() {
    hung = true;
  }

  /** Lets requests reach the server, ends each connection instead of handing back what it answers. */
  public void dropReplies() {
    dropReplies(Integer.MAX_VALUE);
  }

  /** As {@link #dropReplies()}, for so many replies, and heals itself then. */
  public void dropReplies(int count) {
    repliesToDrop.set(count);
  }

  /** Holds what the server answers back for {@code delay}, each time. */
  public void delay(Duration delay) {
    this.delay = delay;
  }

  /** Passes no more than so many bytes a millisecond in each direction of each connection. */
  public void throttle(int bytesPerMilli) {
    this.bytesPerMilli = bytesPerMilli;
  }

  /** Undoes every fault. */
  public void heal() {
    cut = false;
    repliesToDrop.set(0);
    delay = Duration.ZERO;
    bytesPerMilli = Integer.MAX_VALUE;
    hung = false;
    lock.lock();
    try {
      flowing.signalAll();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    closed = true;
    heal();
    try {
      server.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    dropConnections();
  }

  private void acceptAll() {
    while (!closed) {
      try {
        Socket client = server.accept();
        client.setTcpNoDelay(true);
        sockets.add(client);
        if (cut) {
          abort(client);
          continue;
        }
        Socket upstream = new Socket(InetAddress.getLoopbackAddress(), target);
        upstream.setTcpNoDelay(true);
        sockets.add(upstream);
        daemon("proxy-request", () -> pump(client, upstream, false));
        daemon("proxy-reply", () -> pump(upstream, client, true));
      } catch (IOException refused) {
        if (!closed) {
          dropConnections();
        }
      }
    }
  }

  private void pump(Socket from, Socket to, boolean replies) {
    byte[] buffer = new byte[LARGEST_STEP];
    try {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      for (int n = in.read(buffer, 0, step()); n >= 0; n = in.read(buffer, 0, step())) {
        awaitFlow();
        if (replies) {
          if (repliesToDrop.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
            return;
          }
          if (!delay.isZero()) {
            LockSupport.parkNanos(delay.toNanos());
          }
        }
        out.write(buffer, 0, n);
        out.flush();
        long millis = n / bytesPerMilli;
        if (millis > 0) {
          LockSupport.parkNanos(Duration.ofMillis(millis).toNanos());
        }
      }
    } catch (IOException ended) {
      // Both ends are closed below.
    } finally {
      abort(from);
      abort(to);
      sockets.remove(from);
      sockets.remove(to);
    }
  }

  /** Returns what passes at once: less where little passes at all, so that it moves all the time. */
  private int step() {
    return (int) Math.min(LARGEST_STEP, 10L * bytesPerMilli);
  }

  private void awaitFlow() {
    lock.lock();
    try {
      while (hung) {
        flowing.awaitUninterruptibly();
      }
    } finally {
      lock.unlock();
    }
  }

  private static void abort(Socket socket) {
    try {
      socket.close();
    } catch (IOException ignored) {
      // It is closed either way.
    }
  }

  private static void daemon(String name, Runnable task) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    thread.start();
  }
}
