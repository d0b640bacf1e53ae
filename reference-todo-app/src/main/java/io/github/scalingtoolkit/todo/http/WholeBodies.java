package io.github.scalingtoolkit.todo.http;

import io.undertow.io.Receiver;
import io.undertow.io.Receiver.FullBytesCallback;
import io.undertow.server.HttpServerExchange;
import io.undertow.server.protocol.http.HttpContinue;
import io.undertow.util.AttachmentKey;
import io.undertow.util.StatusCodes;
import java.time.Duration;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.xnio.IoUtils;
import org.xnio.XnioExecutor;

/**
 * Reads whole bodies, so that clients with slow uploads cannot keep others from sending theirs.
 *
 * <p>A body that arrives with its head is read at once. The number of other uploads is bounded: the
 * next one evicts the oldest. Each has the configured time in total, however
 * steadily it trickles. So an attacker that wants to hold all places has to send bodies faster than the other clients.
 *
 * <p>Every method runs on the exchange's IO thread, and so do its callbacks.
 */
public final class WholeBodies {
  private static final AttachmentKey<Reading> READING = AttachmentKey.create(Reading.class);
  /** Time for a client to read the reason. */
  private static final Duration BEFORE_CLOSE = Duration.ofSeconds(1);

  private final int mostBytes;
  private final Duration longest;
  private final int places;
  private final BiConsumer<HttpServerExchange, Problem> refusal;
  private final ReentrantLock lock = new ReentrantLock();
  /** In the order in which they came. */
  private final Set<Reading> onTheirWay = new LinkedHashSet<>();

  /**
   * Reads what {@code config} allows.
   *
   * @param places how many bodies may be uploading
   * @param refusal answers with a problem
   */
  public WholeBodies(
      HttpConfig config, int places, BiConsumer<HttpServerExchange, Problem> refusal) {
    mostBytes = Math.toIntExact(config.maxBody());
    longest = config.parseTimeout();
    this.places = places;
    this.refusal = refusal;
  }

  /** Calls {@code next} with the whole body, or refuses: 413 if it is too long, 408 if it is too slow, 503 if it was evicted, 400 if it
   * is cut off. */
  public void read(HttpServerExchange exchange, FullBytesCallback next) {
    Reading reading = new Reading(exchange);
    exchange.putAttachment(READING, reading);
    if (exchange.getRequestContentLength() > mostBytes) {
      reading.tooLarge();
      return;
    }
    Receiver receiver = exchange.getRequestReceiver();
    receiver.setMaxBufferSize(mostBytes);
    receiver.receiveFullBytes(
        (read, bytes) -> {
          reading.end();
          next.handle(read, bytes);
        },
        (failed, failure) -> {
          reading.end();
          if (failure instanceof Receiver.RequestToLargeException) {
            reading.tooLarge();
          } else {
            // Mostly the client has gone, but it may have closed its side alone.
            failed.setPersistent(false);
            refusal.accept(
                failed,
                Problem.of(StatusCodes.BAD_REQUEST, "Body incomplete")
                    .detail("The connection ended before the body did."));
          }
        });
    if (!reading.ended) {
      reading.takePlace();
    }
  }

  /** Refuses a request whose body must not be read, and closes the connection as soon as its client can have read why. */
  public void refuseUnread(HttpServerExchange exchange, Problem problem) {
    Reading unread = new Reading(exchange);
    exchange.putAttachment(READING, unread);
    // Where the body ends is not known, so what follows must not be taken for a request.
    exchange.setPersistent(false);
    unread.closeAfter(BEFORE_CLOSE);
    refusal.accept(exchange, problem);
  }

  /** Discards the rest of an unread body for as long as a body may take, and then closes. */
  void boundRest(HttpServerExchange exchange) {
    if (!exchange.isRequestComplete() && exchange.getAttachment(READING) == null) {
      Reading unread = new Reading(exchange);
      exchange.putAttachment(READING, unread);
      unread.closeAfter(longest);
    }
  }

  /** The exchange is complete: call it for every exchange that was read here. */
  public void ended(HttpServerExchange exchange) {
    Reading reading = exchange.getAttachment(READING);
    if (reading != null) {
      reading.end();
      if (reading.closes) {
        IoUtils.safeClose(exchange.getConnection());
      }
    }
  }

  /** Returns the upload to evict for it, if any. */
  private @Nullable Reading enter(Reading reading) {
    lock.lock();
    try {
      Iterator<Reading> longestFirst = onTheirWay.iterator();
      Reading displaced = null;
      if (onTheirWay.size() >= places) {
        displaced = longestFirst.next();
        longestFirst.remove();
      }
      onTheirWay.add(reading);
      return displaced;
    } finally {
      lock.unlock();
    }
  }

  private void leave(Reading reading) {
    lock.lock();
    try {
      onTheirWay.remove(reading);
    } finally {
      lock.unlock();
    }
  }

  /** An upload, or the rest of one, with the time it has left, whether or not it holds a place. */
  private final class Reading {
    private final HttpServerExchange exchange;
    private XnioExecutor.@Nullable Key timer;
    private boolean ended;
    private boolean closes;

    Reading(HttpServerExchange exchange) {
      this.exchange = exchange;
    }

    void takePlace() {
      after(
          longest,
          () -> refuse(Problem.of(StatusCodes.REQUEST_TIME_OUT, "Body too slow")
              .detail("A body may take " + longest.toMillis() + " ms at most.")));
      Reading displaced = enter(this);
      if (displaced != null) {
        displaced.exchange.getIoThread().execute(displaced::giveWay);
      }
    }

    void giveWay() {
      refuse(
          Problem.unavailable("Too many requests in flight", Duration.ofSeconds(1))
              .detail(
                  "Too many uploads are in progress; this one was the oldest and was dropped. Please retry."));
    }

    void tooLarge() {
      // Most clients send the whole body before they read an answer.
      answer(
          Problem.of(StatusCodes.REQUEST_ENTITY_TOO_LARGE, "Body too large")
              .detail("A body may have " + mostBytes + " bytes at most."),
          longest);
    }

    void closeAfter(Duration wait) {
      after(wait, () -> IoUtils.safeClose(exchange.getConnection()));
    }

    void end() {
      ended = true;
      if (timer != null) {
        timer.remove();
        leave(this);
      }
    }

    private void refuse(Problem problem) {
      if (!ended) {
        end();
        answer(problem, BEFORE_CLOSE);
      }
    }

    /**
     * Answers at once, and reads the rest of the body before the connection is closed: a client that still sends would
     * else meet a reset, and might lose the answer. Undertow reads no rest where a connection is not persistent.
     */
    private void answer(Problem problem, Duration beforeClose) {
      closes = !exchange.isPersistent();
      // A client that waits to be told sends no rest.
      exchange.setPersistent(!HttpContinue.requiresContinueResponse(exchange));
      closeAfter(beforeClose);
      refusal.accept(exchange, problem);
    }

    private void after(Duration wait, Runnable action) {
      timer = exchange.getIoThread().executeAfter(action, wait.toNanos(), TimeUnit.NANOSECONDS);
    }
  }
}
