package io.github.scalingtoolkit.cache;

import io.github.scalingtoolkit.cache.RemoteEntries.Standing;
import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.core.time.Deadline;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** One get: memory, then Redis, then the loader under a lease or past the cache. The correctness proof relies on the order of its steps. */
final class Reader<K, V> {
  private static final int LEASE_TOKEN_LENGTH = 12;
  private static final long FIRST_POLL_NANOS = 1_000_000;
  private static final long LONGEST_POLL_NANOS = 16_000_000;

  private final Stores<V> stores;
  private final DirectLoads<V> directLoads;
  private final long leaseNanos;
  private final long patienceNanos;
  private final CacheListener listener;
  private final Clock clock;

  /** @param patience how long a reader waits for the load of another */
  Reader(Stores<V> stores, Duration lease, Duration patience, CacheListener listener, Clock clock) {
    this.stores = stores;
    this.directLoads = new DirectLoads<>(lease.toNanos());
    leaseNanos = lease.toNanos();
    patienceNanos = patience.toNanos();
    this.listener = listener;
    this.clock = clock;
  }

  Cached<V> get(String id, K key, Function<? super K, ? extends @Nullable V> loader) {
    return new Attempt(id, key, loader).run();
  }

  /** Runs a loader and reports to the listener. */
  static <A, R extends @Nullable Object> R timed(
      Function<A, R> loader, A argument, CacheListener listener, Clock clock) {
    long started = clock.nanoTime();
    boolean succeeded = false;
    try {
      R result = loader.apply(argument);
      succeeded = true;
      return result;
    } finally {
      listener.onLoad(clock.nanoTime() - started, succeeded);
    }
  }

  static boolean isLease(byte[] entry, String token) {
    return Entries.kind(entry) == Entries.LEASE && Entries.leaseToken(entry).equals(token);
  }

  static String leaseToken() {
    return Keys.token(LEASE_TOKEN_LENGTH);
  }

  private final class Attempt {
    private final String id;
    private final K key;
    private final Function<? super K, ? extends @Nullable V> loader;
    private final long began = clock.nanoTime();
    private String token = "";
    private long stamp;

    /** What stands there is a value that cannot be decoded. */
    private boolean undecodable;

    /** What stands there is no entry. */
    private boolean foreign;

    private long poll = FIRST_POLL_NANOS;

    Attempt(String id, K key, Function<? super K, ? extends @Nullable V> loader) {
      this.id = id;
      this.key = key;
      this.loader = loader;
    }

    Cached<V> run() {
      while (true) {
        // Before the journal, and both before Redis: what is invalidated after this is not
        // installed.
        stamp = stores.stamp(id);
        if (stores.bypasses(id)) {
          return direct();
        }
        Cached<V> cached;
        try {
          cached = step();
        } catch (Unreachable redis) {
          return direct();
        }
        if (cached != null) {
          return cached;
        }
      }
    }

    /** Returns the value, or null if things have changed or may soon: look again. */
    private @Nullable Cached<V> step() throws Unreachable {
      long asked = clock.nanoTime();
      Standing standing = readFirst();
      if (standing != null) {
        return found(standing, asked);
      }
      Flight<V> flight = new Flight<>();
      standing = lease(flight);
      if (standing.replaced()) {
        stores.foreign();
      }
      if (isLease(standing.entry(), token)) {
        return load(flight, asked);
      }
      stores.flights().remove(token);
      return found(standing, asked);
    }

    private @Nullable Cached<V> found(Standing standing, long asked) {
      byte[] entry = standing.entry();
      return switch (Entries.kind(entry)) {
        case Entries.VALUE -> hit(entry, asked, standing.leftMillis());
        case Entries.LEASE -> {
          // What could not be decoded is gone: what comes now is another value.
          undecodable = false;
          yield awaitLoad(Entries.leaseToken(entry));
        }
        case Entries.TOMBSTONE -> direct();
        default -> {
          foreign = true;
          yield null;
        }
      };
    }

    /** Without L1 a plain GET; null means that a script is needed. */
    private @Nullable Standing readFirst() throws Unreachable {
      // The script also finds a lease that never ends.
      boolean waitedLong = clock.nanoTime() - began > leaseNanos;
      if (stores.hasLocal() || undecodable || foreign || waitedLong) {
        return null;
      }
      try {
        byte[] entry = stores.remote().read(id);
        return entry == null ? null : new Standing(entry, -1, false);
      } catch (RuntimeException failure) {
        if (RemoteEntries.isOfAnotherType(failure)) {
          return null;
        }
        stores.problems().failed(failure);
        throw Unreachable.INSTANCE;
      }
    }

    private Standing lease(Flight<V> flight) throws Unreachable {
      token = "";
      try {
        return stores.remote().readOrLease(id, any -> take(flight), undecodable);
      } catch (RuntimeException failure) {
        stores.flights().remove(token);
        stores.orphan(token, failure);
        stores.problems().failed(failure);
        flight.abort();
        throw Unreachable.INSTANCE;
      }
    }

    /** Before the lease is requested: a reader that sees its token in Redis must find the flight here. */
    private String take(Flight<V> flight) {
      if (!token.isEmpty()) {
        // A try whose answer was lost may have taken the lease.
        stores.flights().remove(token);
        stores.orphan(token);
      }
      token = leaseToken();
      stores.flights().put(token, flight);
      return token;
    }

    private @Nullable Cached<V> hit(byte[] entry, long asked, long leftMillis) {
      Cached<V> cached = stores.decode(entry);
      if (cached == null) {
        undecodable = true;
        return null;
      }
      undecodable = false;
      stores.install(id, stamp, cached.value(), asked, leftMillis);
      return cached;
    }

    private Cached<V> load(Flight<V> flight, long asked) {
      stores.renewals().hold(id, token, asked);
      try {
        V value;
        try {
          value = timed(loader, key, listener, clock);
        } catch (Throwable failure) {
          // Hidden first: the failure is for the callers that waited, not for those that arrive
          // now.
          stores.flights().remove(token);
          flight.fail(failure);
          stores.release(id, token);
          throw failure;
        }
        flight.succeed(value);
        stores.fill(id, token, stamp, value);
        return new Cached<>(value, Outcome.LOADED);
      } finally {
        stores.renewals().end(token);
        stores.flights().remove(token);
      }
    }

    private @Nullable Cached<V> awaitLoad(String holder) {
      Flight<V> flight = stores.flights().get(holder);
      long left = patienceLeft();
      if (left <= 0
          || (flight != null && flight.mine())
          || Thread.currentThread().isInterrupted()) {
        return direct();
      }
      if (flight == null && stores.releasedOrphan(id, holder)) {
        return null;
      }
      if (flight == null) {
        long pause = poll / 2 + ThreadLocalRandom.current().nextLong(poll);
        LockSupport.parkNanos(this, Math.min(left, pause));
        poll = Math.min(LONGEST_POLL_NANOS, poll * 2);
        return null;
      }
      try {
        if (!flight.await(left) || flight.aborted()) {
          return null;
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return direct();
      }
      return new Cached<>(flight.result(), Outcome.LOADED);
    }

    private long patienceLeft() {
      long left = began + patienceNanos - clock.nanoTime();
      Deadline callers = Deadline.current();
      return callers == null ? left : Math.min(left, callers.remainingNanos());
    }

    private Cached<V> direct() {
      return new Cached<>(
          directLoads.load(id, () -> timed(loader, key, listener, clock)), Outcome.BYPASS);
    }
  }

  /** Redis did not answer, for whatever reason: a get never fails for that. */
  static final class Unreachable extends Exception {
    private static final long serialVersionUID = 1L;
    static final Unreachable INSTANCE = new Unreachable();

    private Unreachable() {
      super("Redis did not answer", null, false, false);
    }
  }
}
