package io.github.scalingtoolkit.queue;

import static io.github.scalingtoolkit.queue.Scripts.bytes;

import io.github.scalingtoolkit.core.guard.RejectedException;
import io.github.scalingtoolkit.core.internal.Once;
import io.github.scalingtoolkit.core.time.Clock;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.exceptions.JedisConnectionException;

/**
 * The jobs one worker holds, and its exchanges with Redis: {@link #step} ends and claims, {@link #beat} renews its lease
 * and takes over the jobs of others, {@link #leave} says goodbye. {@code step} is called by one thread; the others may be
 * called at the same time.
 *
 * <p><b>Losing all.</b> A worker whose lease ended finds that it is not registered any more, by a step or a beat: others
 * run its jobs then, so all that it held until that call is lost. A step claims nothing before a beat has registered it
 * again.
 *
 * <p>If the reply that says so is lost, the next beat finds the worker registered. So after a beat that failed, or a lease
 * that has ended by this process' own clock, it asks Redis which of its claims are left.
 *
 * <p><b>Lost replies.</b> Each step has a greater epoch. One that failed may have claimed jobs, and may do so later, if
 * Redis has not read it yet: a beat closes its epoch and returns what it claimed.
 */
final class Claims {
  private static final Logger log = LoggerFactory.getLogger(Claims.class);

  /** "Nothing will be due": the longest time anything waits. */
  static final Duration NEVER = Duration.ofDays(1);

  /** A century: far from an overflow in nanoseconds. */
  private static final long NEVER_MILLIS = Duration.ofDays(36_500).toMillis();

  /** A beat's reply is short; this is for its time. */
  private static final int BEAT_BYTES = ClaimSize.MOST_BYTES;

  private static final String LEASE_ENDED = "the worker's lease ended";

  /** Ended jobs after which about as many are forgotten: seldom enough to cost a single job nothing. */
  private static final int FORGET_EACH = 50;

  private final JobQueue queue;
  private final String worker;
  private final Duration lease;
  private final int mostCrashes;
  private final Clock clock;
  private final byte[] registration;
  private final Consumer<Claim> onLost;
  private final ClaimSize size = new ClaimSize();
  private final Once slow = new Once();
  private final ReentrantLock beating = new ReentrantLock();
  private final Map<String, Claim> held = new ConcurrentHashMap<>();
  private final Set<Long> unanswered = ConcurrentHashMap.newKeySet();
  private final Set<Claim> lost = ConcurrentHashMap.newKeySet();

  /** Jobs that a beat within a step has taken over; and which of them are dead now. */
  private final AtomicInteger unreported = new AtomicInteger();

  private final Queue<String> unreportedPoison = new ConcurrentLinkedQueue<>();

  private volatile boolean registered;

  /** Wake-up calls come by a subscription, too. */
  private volatile boolean listens;

  /** Another one after each lost lease, so that a claim of that time is never valid again. Written under the lock. */
  private volatile Claim.Lease leaseHeld;

  /** The last beat was not answered. Guarded by the lock. */
  private boolean beatFailed;

  /** How many active jobs of the queue had been cancelled when this worker last looked for its own. Guarded by the lock. */
  private long cancelsSeen;

  /** A step was on its way when it looked, so that it may have missed some. Guarded by the lock. */
  private boolean lookAgain;

  /** From before a step is sent until what it claimed is held. */
  private volatile boolean stepping;

  /** How often a beat has found the worker unknown. Written under the lock. */
  @SuppressWarnings("NonAtomicVolatileUpdate")
  private volatile long registrations;

  /** When Redis last answered, or this was made. */
  private volatile long answeredAt;

  private long epoch;
  private long knownRegistrations;
  private boolean idle;
  private int endedSinceForgetting;

  /**
   * What a step asks for.
   *
   * @param most most jobs to claim
   * @param priorities the priorities in the order in which they are served
   * @param types most jobs to claim of each type
   * @param taken one of them, whose published call this worker took from the others, or empty
   */
  record Wish(int most, String priorities, Map<String, Integer> types, String taken) {}

  /**
   * What a step brought.
   *
   * @param more whether jobs are left that could be claimed at once
   * @param looked whether it looked for jobs: it was to claim some, and the worker was registered
   */
  record Step(List<Claim> claimed, Duration untilNextDelayed, boolean more, boolean looked) {}

  /**
   * What a beat brought.
   *
   * @param unhandled types of ready jobs that no worker of the queue handles
   * @param poison ids of jobs that are dead now, since they took too many workers with them
   * @param ready whether it looked for jobs that the worker may claim, and found one
   * @param paused whether an operator has paused the queue
   * @param untilNextSlot when the next slot of a schedule is due, {@link #NEVER} at most, as if there is no schedule
   */
  record Beat(
      Duration untilNextLeaseEnds,
      int takenOver,
      Set<String> unhandled,
      List<String> poison,
      boolean ready,
      boolean paused,
      Duration untilNextSlot) {}

  /** Tells {@code onLost} of each claim that was lost, once; on the thread that found out. */
  Claims(
      JobQueue queue,
      String worker,
      Duration lease,
      int mostCrashes,
      Collection<String> types,
      Clock clock,
      Consumer<Claim> onLost) {
    this.queue = queue;
    this.worker = worker;
    this.lease = lease;
    this.mostCrashes = mostCrashes;
    this.clock = clock;
    this.onLost = onLost;
    StringBuilder text = new StringBuilder()
        .append(DataVersion.CURRENT)
        .append('|')
        .append(worker)
        .append('|');
    types.forEach(type -> text.append(' ').append(type).append(" |"));
    registration = bytes(text.toString());
    answeredAt = clock.nanoTime();
    leaseHeld = new Claim.Lease(answeredAt);
  }

  /** Asks those who call workers to publish their calls, too, from the next beat on. */
  void listens() {
    listens = true;
  }

  List<Claim> held() {
    return List.copyOf(held.values());
  }

  /** Holds it no longer: its end needs no telling. */
  void drop(Claim claim) {
    held.remove(claim.id(), claim);
  }

  /** Returns whether a beat has something to tell Redis before the usual time. */
  boolean needsBeat() {
    return !registered || !unanswered.isEmpty();
  }

  /** Ends {@code ends} and claims what is wished for, in one round trip. If it throws, no end is lost. */
  Step step(List<End> ends, Wish wish) {
    stepping = true;
    try {
      return exchangeStep(ends, wish);
    } finally {
      stepping = false;
    }
  }

  private Step exchangeStep(List<End> ends, Wish wish) {
    if (!registered) {
      Beat first = exchangeBeat(false);
      unreported.addAndGet(first.takenOver());
      unreportedPoison.addAll(first.poison());
    }
    long generation = registrations;
    Claim.Lease current = leaseHeld;
    if (generation != knownRegistrations) {
      knownRegistrations = generation;
      // The worker that took its jobs over took it out of i.
      idle = false;
    }
    List<Claim> before = held();
    long claims = ++epoch;
    int forget = endedSinceForgetting >= FORGET_EACH ? 2 * endedSinceForgetting : 0;
    List<?> reply;
    try {
      reply = exchange(arguments(ends, wish, claims, forget), wish.most() > 0);
    } catch (RejectedException notSent) {
      // It has claimed nothing; an outage would else leave an epoch for each refusal to the beat
      // that ends it.
      throw notSent;
    } catch (Throwable unknown) {
      unanswered.add(claims);
      throw unknown;
    }
    try {
      endedSinceForgetting = (forget > 0 ? 0 : endedSinceForgetting) + ends.size();
      idle = (Long) reply.get(3) == 1;
      answered(ends, (List<?>) reply.get(4));
      if ((Long) reply.get(0) == 0) {
        unregistered(before);
      }
      boolean mayBeLost = generation != registrations;
      if (mayBeLost) {
        // A beat has registered the worker anew meanwhile: before this step, or after it.
        unanswered.add(claims);
      }
      long wait = (Long) reply.get(1);
      return new Step(
          mayBeLost
              ? List.of()
              : claimed((List<?>) reply.get(5), claims, current, (Long) reply.get(6)),
          wait < 0 ? NEVER : Duration.ofMillis(wait),
          (Long) reply.get(2) == 1,
          wish.most() > 0 && (Long) reply.get(0) == 1 && !mayBeLost);
    } catch (Throwable unread) {
      // Nobody would run what was read of it: the next beat returns it.
      held.values().removeIf(claim -> claim.epoch() == claims);
      unanswered.add(claims);
      throw unread;
    }
  }

  private List<byte[]> arguments(List<End> ends, Wish wish, long claims, int forget) {
    List<byte[]> args = new ArrayList<>(12 + 2 * wish.types().size() + ends.size() * 6);
    args.add(queue.version());
    args.add(bytes(worker));
    args.add(bytes(claims));
    args.add(bytes(wish.most()));
    args.add(bytes(size.bytes()));
    args.add(bytes(idle ? 1 : 0));
    args.add(bytes(wish.priorities()));
    args.add(bytes(forget));
    args.add(bytes(queue.retention().givenIds().toMillis()));
    args.add(bytes(queue.retention().madeIds().toMillis()));
    args.add(bytes(wish.types().size()));
    args.add(bytes(wish.taken()));
    wish.types().forEach((type, most) -> {
      args.add(bytes(type));
      args.add(bytes(most));
    });
    ends.forEach(end -> end.addTo(args));
    return args;
  }

  private List<?> exchange(List<byte[]> args, boolean claims) {
    try {
      Object reply = queue.evalPayload(Scripts.STEP, args, claims ? size.expected() : BEAT_BYTES);
      answeredAt = clock.nanoTime();
      if (claims) {
        size.answered();
        slow.over(() -> log.info("queue={} claims=answered", queue.logName()));
      }
      return (List<?>) Objects.requireNonNull(reply);
    } catch (JedisConnectionException unanswered) {
      if (claims && timedOut(unanswered)) {
        size.timedOut();
        slow.tell(() -> log.warn(
            "queue={} claims=late nextBytes={} action=\"smaller claims follow; if this stays, look at the size of"
                + " the jobs and at the way to Redis\"",
            queue.logName(),
            size.bytes()));
      }
      throw unanswered;
    }
  }

  private void answered(List<End> ends, List<?> replies) {
    for (int i = 0; i < ends.size(); i++) {
      Claim claim = ends.get(i).claim();
      drop(claim);
      if ((Long) replies.get(i) == 0) {
        // The first of two tries may have ended it.
        log.debug("queue={} job={} end=not-held", queue.logName(), claim.loggedId());
      }
    }
  }

  private List<Claim> claimed(List<?> jobs, long epoch, Claim.Lease current, long redisMillis) {
    List<Claim> claimed = new ArrayList<>(jobs.size() / 4);
    long now = clock.nanoTime();
    for (int i = 0; i < jobs.size(); i += 4) {
      String id = new String((byte[]) jobs.get(i), StandardCharsets.ISO_8859_1);
      Envelope envelope = envelope(id, (byte[]) jobs.get(i + 3));
      Claim claim = new Claim(
          id,
          epoch,
          Trouble.read(Scripts.text(jobs.get(i + 1))),
          Scripts.text(jobs.get(i + 2)),
          envelope,
          current);
      if (claim.hasDeadline()) {
        long millis = Math.min(envelope.details().deadline() - redisMillis, NEVER_MILLIS);
        claim.expiresAt(now + TimeUnit.MILLISECONDS.toNanos(millis));
      }
      held.put(id, claim);
      claimed.add(claim);
    }
    return claimed;
  }

  /** Under an id that is none, which an operator may have made, there is no job either. */
  private static Envelope envelope(String id, byte[] stored) {
    try {
      return JobId.isValid(id) ? Envelope.read(stored) : Envelope.NOT_A_JOB;
    } catch (IllegalArgumentException notAJob) {
      return Envelope.NOT_A_JOB;
    }
  }

  /**
   * Renews the lease, returns jobs that only Redis thinks it holds, takes over jobs of workers whose leases have ended.
   *
   * @param look whether to look for jobs that the worker may claim
   */
  Beat beat(boolean look) {
    Beat beat = exchangeBeat(look);
    List<String> poison = new ArrayList<>(beat.poison());
    for (String id = unreportedPoison.poll(); id != null; id = unreportedPoison.poll()) {
      poison.add(id);
    }
    return new Beat(
        beat.untilNextLeaseEnds(),
        beat.takenOver() + unreported.getAndSet(0),
        beat.unhandled(),
        poison,
        beat.ready(),
        beat.paused(),
        beat.untilNextSlot());
  }

  private Beat exchangeBeat(boolean look) {
    beating.lock();
    try {
      List<Long> closing = List.copyOf(unanswered);
      List<Claim> taken = List.copyOf(lost);
      List<Claim> before = held();
      boolean first = !registered;
      boolean unsure = beatFailed;
      beatFailed = true;
      long sentAt = clock.nanoTime();
      boolean cutOff = sentAt - answeredAt > lease.toNanos() / 3 * 2;
      Object answer =
          queue.evalPayload(Scripts.BEAT, arguments(cutOff, look, closing, taken), BEAT_BYTES);
      List<?> reply = (List<?>) Objects.requireNonNull(answer);
      answeredAt = clock.nanoTime();
      boolean known = (Long) reply.get(0) == 1;
      if (known && (unsure || !leaseHeld.validAt(answeredAt))) {
        // An earlier beat, whose reply was lost, may have found the worker unknown.
        lose(notInRedis(before), LEASE_ENDED);
      }
      if (known) {
        loseCancelled((Long) reply.get(10));
        if ((Long) reply.get(8) < before.stream().filter(Claims::runs).count()) {
          lose(goneFromRedis(before), "Redis lost them");
        }
      } else {
        cancelsSeen = (Long) reply.get(10);
      }
      beatFailed = false;
      if (!known) {
        leaseHeld = new Claim.Lease(sentAt + lease.toNanos());
      } else {
        leaseHeld.endsAt(sentAt + lease.toNanos());
      }
      registered = true;
      closing.forEach(unanswered::remove);
      taken.forEach(lost::remove);
      if (cutOff) {
        log.info("queue={} worker=cut-off state=over others=\"get a lease more\"", queue.logName());
      }
      if (!known) {
        registrations++;
        if (!first) {
          log.info("queue={} worker=registered-again", queue.logName());
        }
        lose(before, LEASE_ENDED);
      }
      return read(reply);
    } finally {
      beating.unlock();
    }
  }

  /**
   * Active jobs of the queue have been cancelled, so many ever: looks for its own. A count of claims would not do, since a
   * busy worker's changes all the time.
   */
  private void loseCancelled(long cancels) {
    if (cancels == cancelsSeen && !lookAgain) {
      return;
    }
    // In this order: what a step claimed before is held by now, or the step is still on its way.
    boolean missesSome = stepping;
    List<Claim> gone = goneFromRedis(held());
    if (!gone.isEmpty()) {
      log.info(
          "queue={} jobs={} first={} claim=gone cause=\"cancelled, or Redis lost them\" action=\"their handlers are interrupted\"",
          queue.logName(),
          gone.size(),
          gone.get(0).loggedId());
      release(gone);
    }
    cancelsSeen = cancels;
    lookAgain = missesSome;
  }

  /** Those that run and that Redis does not have any more. What is settled may just have been ended. */
  private List<Claim> goneFromRedis(List<Claim> claims) {
    List<Claim> running = claims.stream().filter(Claims::runs).toList();
    return notInRedis(running).stream().filter(Claims::runs).toList();
  }

  private static boolean runs(Claim claim) {
    return !claim.isSettled();
  }

  /** Returns those of {@code claims} that Redis does not have as this worker's any more. */
  private List<Claim> notInRedis(List<Claim> claims) {
    if (claims.isEmpty()) {
      return List.of();
    }
    byte[] own = bytes(queue.key("o:" + worker));
    byte[][] ids = claims.stream().map(Claim::key).toArray(byte[][]::new);
    List<byte[]> epochs = queue.redis().callIdempotent(client -> client.hmget(own, ids));
    List<Claim> gone = new ArrayList<>();
    for (int i = 0; i < claims.size(); i++) {
      if (!Arrays.equals(epochs.get(i), bytes(claims.get(i).epoch()))) {
        gone.add(claims.get(i));
      }
    }
    return gone;
  }

  private List<byte[]> arguments(
      boolean cutOff, boolean look, Collection<Long> closing, List<Claim> taken) {
    List<byte[]> args = new ArrayList<>(13 + closing.size() + taken.size() * 2);
    args.add(queue.version());
    args.add(bytes(worker));
    args.add(registration);
    args.add(bytes(lease.toMillis()));
    args.add(bytes(cutOff ? 1 : 0));
    args.add(bytes(mostCrashes));
    Retention retention = queue.retention();
    args.add(bytes(retention.deadLetters().toMillis()));
    args.add(bytes(retention.mostDeadLetters()));
    args.add(bytes(retention.givenIds().toMillis()));
    args.add(bytes(retention.madeIds().toMillis()));
    args.add(bytes(look ? 1 : 0));
    args.add(bytes(listens ? 1 : 0));
    args.add(bytes(closing.size()));
    closing.forEach(epoch -> args.add(bytes(epoch)));
    for (Claim claim : taken) {
      args.add(claim.key());
      args.add(bytes(claim.epoch()));
    }
    return args;
  }

  private Beat read(List<?> reply) {
    long givenBack = (Long) reply.get(2);
    int takenOver = Math.toIntExact((Long) reply.get(3));
    size.cameBack((Long) reply.get(4));
    if (givenBack > 0 || takenOver > 0) {
      log.info("queue={} givenBack={} takenOver={}", queue.logName(), givenBack, takenOver);
    }
    long wait = (Long) reply.get(1);
    long slot = (Long) reply.get(11);
    Set<String> unhandled =
        ((List<?>) reply.get(5)).stream().map(Scripts::text).collect(Collectors.toSet());
    List<String> poison = ((List<?>) reply.get(6)).stream().map(Scripts::text).toList();
    return new Beat(
        wait < 0 ? NEVER : Duration.ofMillis(wait),
        takenOver,
        unhandled,
        poison,
        (Long) reply.get(7) == 1,
        (Long) reply.get(9) == 1,
        untilSlot(slot));
  }

  /**
   * Returns how long to wait for a slot, {@link #NEVER} at most: one may lie further ahead than nanoseconds can be counted,
   * and each look asks again.
   *
   * @param millis -1 if there is none
   */
  static Duration untilSlot(long millis) {
    return millis < 0 || millis >= NEVER.toMillis() ? NEVER : Duration.ofMillis(millis);
  }

  /** Returns true to one of those who heard a published call for {@code type}: it is to step. */
  boolean takeCall(String type) {
    byte[] marker = marker(type);
    return queue.redis().call(client -> client.zpopmin(marker)) != null;
  }

  /** Calls another worker, as a script does it: those that listen to published calls, too. */
  void passCall(String type) {
    byte[] marker = marker(type);
    byte[] channel = bytes(queue.key("n"));
    byte[] meta = bytes(queue.key("m"));
    queue.redis().runIdempotent(client -> {
      client.zadd(marker, 0, bytes("0"));
      if (listens || client.hexists(meta, bytes("n"))) {
        client.publish(channel, bytes(type));
      }
    });
  }

  private byte[] marker(String type) {
    return bytes(queue.key("k:" + type));
  }

  /** Gives up the worker's place among the workers of the queue, if it holds nothing any more. */
  void leave() {
    queue.eval(Scripts.LEAVE, List.of(queue.version(), bytes(worker)));
    registered = false;
  }

  private void unregistered(List<Claim> before) {
    beating.lock();
    try {
      registered = false;
    } finally {
      beating.unlock();
    }
    lose(before, LEASE_ENDED);
  }

  /** All these are run by others now, if by anyone. */
  private void lose(List<Claim> claims, String cause) {
    List<Claim> gone = release(claims);
    if (!gone.isEmpty()) {
      lost.addAll(gone);
      log.warn(
          "queue={} jobs={} first={} claim=lost cause=\"{}\" action=\"their handlers are interrupted\"",
          queue.logName(),
          gone.size(),
          gone.get(0).loggedId(),
          cause);
    }
  }

  /** Holds these no longer, and returns those that it held. */
  private List<Claim> release(List<Claim> claims) {
    List<Claim> gone =
        claims.stream().filter(claim -> held.remove(claim.id(), claim)).toList();
    gone.forEach(onLost);
    return gone;
  }

  private static boolean timedOut(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof SocketTimeoutException) {
        return true;
      }
    }
    return false;
  }
}
