package io.github.scalingtoolkit.queue;

import static io.github.scalingtoolkit.queue.Scripts.bytes;

import io.github.scalingtoolkit.core.internal.Once;
import io.github.scalingtoolkit.core.time.Clock;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.exceptions.JedisConnectionException;

/**
 * The jobs one worker holds, and its two exchanges with Redis: {@link #step} ends and claims, {@link #beat} renews.
 * Each may be called by one thread at a time, and both at once.
 */
final class Claims {
  private static final Logger log = LoggerFactory.getLogger(Claims.class);

  private final JobQueue queue;
  private final String worker;
  private final Duration lease;
  private final int mostCrashes;
  private final Clock clock;
  private final AtomicLong epochs = new AtomicLong();
  private final ClaimSize size = new ClaimSize();
  private final Once slow = new Once();
  private final Map<String, Claim> held = new ConcurrentHashMap<>();
  /** Epoch of a claim whose reply is not processed yet, or MAX_VALUE: a beat must not return the jobs of that claim. */
  private volatile long onItsWay = Long.MAX_VALUE;

  record Step(List<Claim> claimed, Duration untilNextDelayed, boolean moreReady) {}

  record Beat(Duration untilFirstLeaseEnds, int takenOver) {}

  private static final int MOST_RENEWED = 1000;

  /** "Nothing will be due": the longest time anything waits. */
  static final Duration NEVER = Duration.ofDays(1);

  Claims(JobQueue queue, String worker, Duration lease, int mostCrashes, Clock clock) {
    this.queue = queue;
    this.worker = worker;
    this.lease = lease;
    this.mostCrashes = mostCrashes;
    this.clock = clock;
  }

  List<Claim> held() {
    return List.copyOf(held.values());
  }

  /** Ends {@code ends} and claims up to {@code most} jobs, in one round trip. If it throws, no end is lost. */
  Step step(List<End> ends, int most) {
    long epoch = epochs.get() + 1;
    // Before the epoch becomes visible: a beat that sees it must also see that its claim is on its
    // way.
    onItsWay = epoch;
    epochs.set(epoch);
    try {
      List<byte[]> args = new ArrayList<>(7 + ends.size() * 5);
      args.add(bytes(worker));
      args.add(bytes(lease.toMillis()));
      args.add(bytes(most));
      args.add(bytes(epoch));
      args.add(bytes(size.bytes()));
      args.add(bytes(Duration.ofHours(24).toMillis()));
      args.add(bytes(Duration.ofSeconds(60).toMillis()));
      ends.forEach(end -> end.addTo(args));
      long sentAt = clock.nanoTime();
      List<?> reply = exchange(args, most > 0);
      List<?> ended = (List<?>) reply.get(2);
      for (int i = 0; i < ends.size(); i++) {
        Claim claim = ends.get(i).claim();
        held.remove(claim.id().value(), claim);
        if ((Long) ended.get(i) == 0) {
          log.info("queue={} job={} end=refused cause=not-held", queue.name(), claim.id());
        }
      }
      List<Claim> claimed = claimed((List<?>) reply.get(3), epoch, sentAt + lease.toNanos());
      long wait = (Long) reply.get(0);
      return new Step(
          claimed, wait < 0 ? NEVER : Duration.ofMillis(wait), (Long) reply.get(1) == 1);
    } catch (Throwable unread) {
      // Nobody would run what was read of it: the next beat returns it.
      held.values().removeIf(claim -> claim.epoch() == epoch);
      throw unread;
    } finally {
      onItsWay = Long.MAX_VALUE;
    }
  }

  private List<?> exchange(List<byte[]> args, boolean claims) {
    try {
      Object reply =
          queue.redis().evalPayload(Scripts.STEP, queue.keys(), args, claims ? size.expected() : 0);
      size.answered();
      slow.over(() -> log.info("queue={} claims=answered", queue.name()));
      return (List<?>) Objects.requireNonNull(reply);
    } catch (JedisConnectionException lost) {
      if (claims && timedOut(lost)) {
        size.timedOut();
        slow.tell(() -> log.warn(
            "queue={} claims=late nextBytes={} action=\"smaller claims follow; if this stays, look at the size of"
                + " the jobs and at the way to Redis\"",
            queue.name(),
            size.bytes()));
      }
      throw lost;
    }
  }

  /**
   * Renews the jobs it holds, returns jobs that only Redis thinks it holds, takes over jobs whose leases expired. With more
   * than {@value #MOST_RENEWED} held, in several calls that return nothing.
   */
  Beat beat() {
    // In this order: claims that step has processed by then are in held, all others are on their
    // way.
    long firstEpoch = Math.min(epochs.get() + 1, onItsWay);
    List<Claim> renewing = held();
    if (renewing.size() <= MOST_RENEWED) {
      return beat(renewing, firstEpoch);
    }
    Beat last = new Beat(NEVER, 0);
    int takenOver = 0;
    for (int from = 0; from < renewing.size(); from += MOST_RENEWED) {
      last = beat(renewing.subList(from, Math.min(from + MOST_RENEWED, renewing.size())), 0);
      takenOver += last.takenOver();
    }
    return new Beat(last.untilFirstLeaseEnds(), takenOver);
  }

  private Beat beat(List<Claim> renewing, long firstEpoch) {
    List<byte[]> args = new ArrayList<>(6 + renewing.size() * 2);
    args.add(bytes(worker));
    args.add(bytes(lease.toMillis()));
    args.add(bytes(firstEpoch));
    args.add(bytes(mostCrashes));
    args.add(bytes(Duration.ofDays(7).toMillis()));
    args.add(bytes(10_000));
    for (Claim claim : renewing) {
      args.add(bytes(claim.id().value()));
      args.add(bytes(claim.epoch()));
    }
    long sentAt = clock.nanoTime();
    List<?> reply = (List<?>)
        Objects.requireNonNull(queue.redis().evalPayload(Scripts.BEAT, queue.keys(), args, 0));
    List<String> lost = ((List<?>) reply.get(3)).stream().map(Scripts::text).toList();
    for (Claim claim : renewing) {
      if (lost.contains(claim.id().value())) {
        claim.lose();
      } else {
        claim.renewed(sentAt + lease.toNanos());
      }
    }
    long givenBack = (Long) reply.get(1);
    size.cameBack((Long) reply.get(4));
    int takenOver = Math.toIntExact((Long) reply.get(2));
    if (givenBack > 0 || takenOver > 0) {
      log.info("queue={} givenBack={} takenOver={}", queue.name(), givenBack, takenOver);
    }
    long wait = (Long) reply.get(0);
    return new Beat(wait < 0 ? NEVER : Duration.ofMillis(wait), takenOver);
  }

  private static boolean timedOut(Throwable lost) {
    for (Throwable cause = lost; cause != null; cause = cause.getCause()) {
      if (cause instanceof SocketTimeoutException) {
        return true;
      }
    }
    return false;
  }

  /** Something else than a number, from an operator's hand, must not keep the job from running. */
  private static int count(Object reply) {
    try {
      return Integer.parseInt(Scripts.text(reply));
    } catch (NumberFormatException notANumber) {
      return 0;
    }
  }

  private List<Claim> claimed(List<?> jobs, long epoch, long leaseEnds) {
    List<Claim> claimed = new ArrayList<>(jobs.size() / 4);
    for (int i = 0; i < jobs.size(); i += 4) {
      String id = Scripts.text(jobs.get(i));
      Envelope envelope;
      try {
        envelope = Envelope.read((byte[]) jobs.get(i + 3));
      } catch (IllegalArgumentException notAJob) {
        envelope = Envelope.NOT_A_JOB;
      }
      Claim claim = new Claim(
          new JobId(id),
          epoch,
          count(jobs.get(i + 1)),
          count(jobs.get(i + 2)),
          envelope,
          leaseEnds);
      held.put(id, claim);
      claimed.add(claim);
    }
    return claimed;
  }
}
