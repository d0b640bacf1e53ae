package io.github.scalingtoolkit.benchmarks.load;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * Sends one request, or several in turn, over and over on kept-alive connections and checks every answer: one thread, the caller's, and one
 * selector.
 *
 * <p>In the open model request k falls due at begin + k / rate. It is sent as soon as a connection is free, and its wait
 * is counted from when it fell due, so that a stall of the server is paid for by every request that fell due meanwhile
 * and not only by those that were under way. Due times are met to about 60 microseconds: a thread that has nothing to do
 * parks instead of spinning, because it shares the machine with the server.
 */
public final class Generator {
  /** Parts of equal length into which a run's time is cut. */
  public static final int SLICES = 10;

  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
  private static final long HIGHEST_NANOS = Duration.ofMinutes(2).toNanos();
  private static final long LONGEST_PARK_NANOS = 50_000;
  private static final int MOST_ERRORS = 100;
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);

  private final Load load;
  private final Observer observer;
  private final Histogram fromDue = new Histogram(HIGHEST_NANOS, 3);
  private final Histogram fromSent = new Histogram(HIGHEST_NANOS, 3);
  private final ArrayDeque<Connection> idle = new ArrayDeque<>();
  private final List<Connection> connections = new ArrayList<>();
  private final ByteBuffer readBuffer = ByteBuffer.allocateDirect(64 * 1024);
  private final Selector selector;
  private final boolean closedModel;
  private final double nanosBetween;

  private long begin;
  private long sent;
  private long answered;
  private long errors;
  private String firstError = "";

  private Generator(Load load, Observer observer) throws IOException {
    this.load = load;
    this.observer = observer;
    closedModel = load.model() instanceof Model.Closed;
    nanosBetween = load.model() instanceof Model.Open open ? 1e9 / open.perSecond() : 0;
    selector = Selector.open();
  }

  /**
   * Runs {@code load} to its end. Blocks for its time, or until {@value #MOST_ERRORS} answers were wrong.
   *
   * @throws IOException if the target cannot be connected to at the start
   * @throws InterruptedException if the thread is interrupted
   */
  public static LoadResult run(Load load, Observer observer)
      throws IOException, InterruptedException {
    Generator generator = new Generator(load, observer);
    try {
      return generator.run();
    } finally {
      generator.close();
    }
  }

  private LoadResult run() throws IOException, InterruptedException {
    for (int i = 0; i < load.model().connections(); i++) {
      Connection connection = new Connection();
      connections.add(connection);
      idle.add(connection);
    }
    long cpuBefore = THREADS.getCurrentThreadCpuTime();
    begin = System.nanoTime();
    List<Long> slices = new ArrayList<>();
    for (int slice = 0; slice < SLICES; slice++) {
      observer.at(slice);
      long before = answered;
      loopUntil(begin + load.time().toNanos() * (slice + 1) / SLICES);
      slices.add(answered - before);
    }
    long over = System.nanoTime();
    observer.at(SLICES);
    long cpu = THREADS.getCurrentThreadCpuTime() - cpuBefore;
    long offered = closedModel ? sent : (long) ((over - begin) / nanosBetween);
    return new LoadResult(
        load.model(),
        Duration.ofNanos(over - begin),
        offered,
        answered,
        List.copyOf(slices),
        errors,
        firstError,
        fromDue,
        fromSent,
        Duration.ofNanos(cpu));
  }

  private void loopUntil(long mark) throws IOException, InterruptedException {
    while (errors < MOST_ERRORS) {
      long now = System.nanoTime();
      if (now - mark >= 0) {
        break;
      }
      if (Thread.interrupted()) {
        throw new InterruptedException("the load was interrupted");
      }
      long wait = Math.min(sendWhatIsDue(now), mark - System.nanoTime());
      await(wait);
    }
  }

  /** Sends all that is due and can be sent, and returns the nanoseconds until the next may be. */
  private long sendWhatIsDue(long now) {
    if (closedModel) {
      while (!idle.isEmpty() && errors < MOST_ERRORS) {
        long sentAt = System.nanoTime();
        idle.remove().send(sentAt, sentAt);
      }
      return Long.MAX_VALUE;
    }
    while (!idle.isEmpty() && errors < MOST_ERRORS) {
      long due = begin + (long) (sent * nanosBetween);
      if (due - now > 0) {
        return due - now;
      }
      idle.remove().send(due, System.nanoTime());
    }
    return Long.MAX_VALUE;
  }

  private void await(long nanos) throws IOException {
    if (nanos >= 2_000_000) {
      selector.select(this::ready, nanos / 1_000_000 - 1);
    } else if (selector.selectNow(this::ready) == 0 && nanos > 0) {
      LockSupport.parkNanos(Math.min(nanos, LONGEST_PARK_NANOS));
    }
  }

  private void ready(SelectionKey key) {
    ((Connection) key.attachment()).ready();
  }

  private void wrong(String what) {
    errors++;
    if (firstError.isEmpty()) {
      firstError = what;
    }
  }

  private void close() throws IOException {
    for (Connection connection : connections) {
      connection.close();
    }
    selector.close();
  }

  /** A connection, with one request under way at most. */
  private final class Connection {
    private final Answers answers = new Answers();
    private Call call = load.calls().get(0);
    private ByteBuffer request = ByteBuffer.wrap(call.request()).asReadOnlyBuffer();
    private SocketChannel channel;
    private SelectionKey key;
    private long dueAt;
    private long sentAt;
    private boolean underWay;

    Connection() throws IOException {
      channel = open();
      key = register();
    }

    void send(long due, long now) {
      take(load.calls().get((int) (sent % load.calls().size())));
      sent++;
      dueAt = due;
      sentAt = now;
      underWay = true;
      try {
        channel.write(request);
        if (request.hasRemaining()) {
          key.interestOps(SelectionKey.OP_READ | SelectionKey.OP_WRITE);
        }
      } catch (IOException broken) {
        fail("connection lost while sending: " + broken.getMessage());
      }
    }

    private void take(Call next) {
      if (next == call) {
        request.clear();
      } else {
        call = next;
        request = ByteBuffer.wrap(call.request()).asReadOnlyBuffer();
      }
    }

    void ready() {
      try {
        if (key.isWritable() && request.hasRemaining()) {
          channel.write(request);
          if (!request.hasRemaining()) {
            key.interestOps(SelectionKey.OP_READ);
          }
        }
        read();
      } catch (IOException | IllegalStateException broken) {
        fail(broken.getClass().getSimpleName() + ": " + broken.getMessage());
      }
    }

    private void read() throws IOException {
      readBuffer.clear();
      int count = channel.read(readBuffer);
      if (count < 0) {
        if (underWay) {
          fail("connection closed by the server before its answer");
        } else {
          reconnect();
        }
        return;
      }
      if (count > 0 && !underWay) {
        fail("bytes from the server without a request");
        return;
      }
      readBuffer.flip();
      boolean whole = false;
      while (readBuffer.hasRemaining()) {
        byte[] room = answers.room();
        int step = Math.min(readBuffer.remaining(), room.length - answers.filled());
        readBuffer.get(room, answers.filled(), step);
        whole = answers.read(step);
      }
      if (whole) {
        answered();
      }
    }

    private void answered() throws IOException {
      long now = System.nanoTime();
      @Nullable String problem = answers.problem(call);
      boolean last = answers.last();
      answers.clear();
      underWay = false;
      if (problem != null) {
        wrong(problem);
      } else {
        answered++;
        fromDue.recordValue(Math.min(HIGHEST_NANOS, now - dueAt));
        fromSent.recordValue(Math.min(HIGHEST_NANOS, now - sentAt));
      }
      if (last) {
        reconnect();
      }
      if (closedModel && errors < MOST_ERRORS) {
        // At once, or the time that other answers take here would be between two requests, and in
        // no latency.
        send(now, now);
      } else {
        idle.add(this);
      }
    }

    private void fail(String what) {
      wrong(what);
      boolean wasUnderWay = underWay;
      underWay = false;
      answers.clear();
      try {
        reconnect();
      } catch (IOException unreachable) {
        errors = Math.max(errors, MOST_ERRORS);
      }
      if (wasUnderWay) {
        idle.add(this);
      }
    }

    private void reconnect() throws IOException {
      close();
      channel = open();
      key = register();
    }

    private SocketChannel open() throws IOException {
      SocketChannel opened = SocketChannel.open();
      opened.setOption(StandardSocketOptions.TCP_NODELAY, true);
      opened.socket().connect(load.target(), (int) CONNECT_TIMEOUT.toMillis());
      opened.configureBlocking(false);
      return opened;
    }

    private SelectionKey register() throws IOException {
      return channel.register(selector, SelectionKey.OP_READ, this);
    }

    void close() throws IOException {
      key.cancel();
      channel.close();
    }
  }
}
