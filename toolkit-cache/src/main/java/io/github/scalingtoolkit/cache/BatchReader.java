package io.github.scalingtoolkit.cache;

import io.github.scalingtoolkit.cache.RemoteEntries.Answer;
import io.github.scalingtoolkit.cache.RemoteEntries.Standing;
import io.github.scalingtoolkit.core.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One get of several keys: memory, one MGET, one pipeline of leases for what is missing, one call of the loader, one
 * pipeline of fills.
 *
 * <p>It never waits: two batches that each hold a lease the other needs would wait for each other. A key that another
 * caller is loading or writing is loaded here too, and not stored.
 */
final class BatchReader<K, V> {
  private final Stores<V> stores;
  private final CacheListener listener;
  private final Clock clock;

  BatchReader(Stores<V> stores, CacheListener listener, Clock clock) {
    this.stores = stores;
    this.listener = listener;
    this.clock = clock;
  }

  /** @param keys the keys by id, in the order of the result */
  Map<K, V> get(
      Map<String, K> keys, Function<? super Set<K>, ? extends Map<K, ? extends V>> loader) {
    Attempt attempt = new Attempt(keys);
    attempt.look();
    attempt.load(loader);
    return attempt.result();
  }

  private final class Attempt {
    private final Map<String, K> keys;
    private final Map<String, Cached<V>> found = new HashMap<>();
    private final Map<String, Long> stamps = new HashMap<>();
    private final Map<String, String> tokens = new HashMap<>();
    private final Map<String, Flight<V>> leased = new LinkedHashMap<>();

    Attempt(Map<String, K> keys) {
      this.keys = keys;
    }

    void look() {
      List<String> ask = new ArrayList<>();
      for (String id : keys.keySet()) {
        Cached<V> cached = stores.peek(id);
        if (cached != null) {
          found.put(id, cached);
          continue;
        }
        // Before the journal, and both before Redis: what is invalidated after this is not
        // installed.
        stamps.put(id, stores.stamp(id));
        if (!stores.bypasses(id)) {
          ask.add(id);
        }
      }
      if (ask.isEmpty()) {
        return;
      }
      try {
        lease(read(ask));
      } catch (RuntimeException unreachable) {
        stores.problems().failed(unreachable);
        leave(unreachable);
      } catch (Error failure) {
        leave(null);
        throw failure;
      }
    }

    /** Leaves the leases that were or may have been granted to the readers that find them. */
    private void leave(@Nullable RuntimeException unreachable) {
      tokens.forEach((id, token) -> {
        Flight<V> flight = stores.flights().remove(token);
        if (flight != null) {
          stores.renewals().end(token);
          if (unreachable == null || leased.containsKey(id)) {
            stores.orphan(token);
          } else {
            stores.orphan(token, unreachable);
          }
          flight.abort();
        }
      });
      leased.clear();
    }

    /** Returns the ids that have no entry, and whether there is one that cannot be decoded. */
    private Map<String, Boolean> read(List<String> ids) {
      Map<String, Boolean> missing = new LinkedHashMap<>();
      List<Answer<byte[]>> entries = stores.remote().readAll(ids);
      for (int i = 0; i < ids.size(); i++) {
        RuntimeException failure = entries.get(i).failure();
        byte[] entry = entries.get(i).entry();
        if (failure != null) {
          stores.problems().failed(failure);
        } else if (entry == null) {
          missing.put(ids.get(i), false);
        } else if (Entries.kind(entry) == Entries.VALUE) {
          if (!hit(ids.get(i), entry)) {
            missing.put(ids.get(i), true);
          }
        } else if (Entries.kind(entry) != Entries.LEASE
            && Entries.kind(entry) != Entries.TOMBSTONE) {
          // The script replaces it.
          missing.put(ids.get(i), false);
        }
      }
      return missing;
    }

    private boolean hit(String id, byte[] entry) {
      Cached<V> cached = stores.decode(entry);
      if (cached != null) {
        found.put(id, cached);
      }
      return cached != null;
    }

    private void lease(Map<String, Boolean> missing) {
      if (missing.isEmpty()) {
        return;
      }
      List<String> ids = List.copyOf(missing.keySet());
      Map<String, Flight<V>> flights = new HashMap<>();
      ids.forEach(id -> flights.put(id, new Flight<>()));
      long asked = clock.nanoTime();
      List<Answer<Standing>> answers =
          stores.remote().readOrLeaseAll(missing, id -> take(id, flights));
      for (int i = 0; i < ids.size(); i++) {
        String id = ids.get(i);
        Standing standing = answers.get(i).entry();
        RuntimeException failure = answers.get(i).failure();
        if (standing == null) {
          Flight<V> flight = stores.flights().remove(token(id));
          if (flight != null && failure != null) {
            stores.orphan(token(id), failure);
            stores.problems().failed(failure);
            flight.abort();
          }
          continue;
        }
        if (standing.replaced()) {
          stores.foreign();
        }
        byte[] entry = standing.entry();
        if (Reader.isLease(entry, token(id))) {
          leased.put(id, flight(flights, id));
          stores.renewals().hold(id, token(id), asked);
          continue;
        }
        stores.flights().remove(token(id));
        if (Entries.kind(entry) == Entries.VALUE) {
          hit(id, entry);
        }
      }
    }

    private String take(String id, Map<String, Flight<V>> flights) {
      String token = Reader.leaseToken();
      String before = tokens.put(id, token);
      if (before != null) {
        // A try whose answer was lost may have taken the lease.
        stores.flights().remove(before);
        stores.orphan(before);
      }
      stores.flights().put(token, flight(flights, id));
      return token;
    }

    void load(Function<? super Set<K>, ? extends Map<K, ? extends V>> loader) {
      Set<K> wanted = new LinkedHashSet<>();
      keys.forEach((id, key) -> {
        if (!found.containsKey(id)) {
          wanted.add(key);
        }
      });
      if (wanted.isEmpty()) {
        return;
      }
      try {
        store(Reader.timed(set -> loader.apply(set), wanted, listener, clock));
      } catch (Throwable failure) {
        leased.forEach((id, flight) -> {
          stores.flights().remove(token(id));
          flight.fail(failure);
          stores.release(id, token(id));
        });
        throw failure;
      } finally {
        leased.keySet().forEach(id -> {
          stores.renewals().end(token(id));
          stores.flights().remove(token(id));
        });
      }
    }

    private void store(Map<K, ? extends V> loaded) {
      List<Stores.Loaded<V>> fills = new ArrayList<>();
      keys.forEach((id, key) -> {
        if (found.containsKey(id)) {
          return;
        }
        V value = loaded.get(key);
        Flight<V> flight = leased.get(id);
        found.put(id, new Cached<>(value, flight == null ? Outcome.BYPASS : Outcome.LOADED));
        if (flight != null) {
          flight.succeed(value);
          fills.add(new Stores.Loaded<>(id, token(id), stamp(id), value));
        }
      });
      stores.fillAll(fills);
    }

    Map<K, V> result() {
      Map<K, V> result = new LinkedHashMap<>();
      keys.forEach((id, key) -> {
        Cached<V> cached = found.get(id);
        if (cached != null) {
          listener.onGet(cached.outcome());
          if (cached.value() != null) {
            result.put(key, cached.value());
          }
        }
      });
      return result;
    }

    private String token(String id) {
      return tokens.getOrDefault(id, "");
    }

    private long stamp(String id) {
      return stamps.getOrDefault(id, 0L);
    }

    private Flight<V> flight(Map<String, Flight<V>> flights, String id) {
      return Objects.requireNonNull(flights.get(id));
    }
  }
}
