package io.github.scalingtoolkit.core.redis;

import java.io.FilterInputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.DefaultJedisSocketFactory;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.JedisClientConfig;
import redis.clients.jedis.exceptions.JedisConnectionException;

/**
 * A connected socket whose reads time out only after a last look at what has arrived.
 *
 * <p>The JDK looks, reckons how much time is left, and waits for no longer than that. If the process stands still between
 * the look and the reckoning, it throws although the reply has been there all the time: a pause of ours would count
 * against the server, and end every call that shares the connection.
 *
 * <p>It counts what passes, so that a payload on its way can be told from a server that does not answer.
 */
final class LastLookSocket extends Socket {
  /** The shortest that a socket can wait; zero means for ever. */
  private static final int LAST_LOOK_MILLIS = 1;

  /** So much is handed over at once, so that a large request is seen to move. */
  private static final int CHUNK_BYTES = 64 * 1024;

  private final Socket socket;

  /** Added to by the thread that has the connection; where one reads and one writes, an addition may be lost, and nobody asks. */
  private final AtomicLong moved = new AtomicLong();

  private volatile long movedAtNanos = System.nanoTime();

  LastLookSocket(Socket connected) {
    socket = connected;
  }

  /** Returns how many bytes have arrived and left so far. Any thread may ask. */
  long moved() {
    return moved.get();
  }

  /** Tells whether a byte has arrived or left within that time. Any thread may ask. */
  boolean hasMovedWithin(long nanos) {
    return System.nanoTime() - movedAtNanos <= nanos;
  }

  private void hasMoved(int bytes) {
    moved.lazySet(moved.getPlain() + bytes);
    movedAtNanos = System.nanoTime();
  }

  /** Opens those of one connection as Jedis does, and once more if the process stood still meanwhile. */
  static final class Factory extends DefaultJedisSocketFactory {
    private final Duration timeout;
    private volatile @Nullable LastLookSocket current;

    Factory(HostAndPort node, JedisClientConfig config) {
      super(node, config);
      timeout = Duration.ofMillis(config.getConnectionTimeoutMillis());
    }

    /** Returns the last one it made, or null. Any thread may ask. */
    @Nullable
    LastLookSocket current() {
      return current;
    }

    @Override
    public Socket createSocket() {
      LastLookSocket made = new LastLookSocket(connected());
      current = made;
      return made;
    }

    private Socket connected() {
      long from = System.nanoTime();
      try {
        return super.createSocket();
      } catch (JedisConnectionException failed) {
        // Jedis tries each address of the name for that long, and suppresses a failure for each.
        Duration longest = timeout.multipliedBy(1 + failed.getSuppressed().length);
        if (System.nanoTime() - from < longest.toNanos()) {
          throw failed;
        }
        return super.createSocket();
      }
    }
  }

  @Override
  public InputStream getInputStream() throws IOException {
    return new FilterInputStream(socket.getInputStream()) {
      @Override
      public int read(byte[] into, int from, int length) throws IOException {
        int arrived = look(into, from, length);
        if (arrived > 0) {
          hasMoved(arrived);
        }
        return arrived;
      }

      private int look(byte[] into, int from, int length) throws IOException {
        try {
          return in.read(into, from, length);
        } catch (SocketTimeoutException late) {
          int usual = socket.getSoTimeout();
          socket.setSoTimeout(LAST_LOOK_MILLIS);
          try {
            return in.read(into, from, length);
          } finally {
            socket.setSoTimeout(usual);
          }
        }
      }
    };
  }

  @Override
  public OutputStream getOutputStream() throws IOException {
    return new FilterOutputStream(socket.getOutputStream()) {
      @Override
      public void write(byte[] bytes, int from, int length) throws IOException {
        for (int done = 0; done < length; ) {
          int next = Math.min(CHUNK_BYTES, length - done);
          out.write(bytes, from + done, next);
          done += next;
          hasMoved(next);
        }
      }
    };
  }

  @Override
  public void setSoTimeout(int millis) throws SocketException {
    socket.setSoTimeout(millis);
  }

  @Override
  public int getSoTimeout() throws SocketException {
    return socket.getSoTimeout();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }

  @Override
  public boolean isConnected() {
    return socket.isConnected();
  }

  @Override
  public boolean isBound() {
    return socket.isBound();
  }

  @Override
  public boolean isClosed() {
    return socket.isClosed();
  }

  @Override
  public boolean isInputShutdown() {
    return socket.isInputShutdown();
  }

  @Override
  public boolean isOutputShutdown() {
    return socket.isOutputShutdown();
  }

  @Override
  public SocketAddress getRemoteSocketAddress() {
    return socket.getRemoteSocketAddress();
  }

  @Override
  public SocketAddress getLocalSocketAddress() {
    return socket.getLocalSocketAddress();
  }

  @Override
  public String toString() {
    return socket.toString();
  }
}
