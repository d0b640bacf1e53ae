package io.github.scalingtoolkit.core.redis;

import io.github.scalingtoolkit.core.guard.Guard;
import io.github.scalingtoolkit.core.guard.GuardState;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import redis.clients.jedis.HostAndPort;

/** The breakers of a cluster's nodes: one a node, made when the node is first called. Safe for use by several threads. */
final class NodeGuards implements Function<HostAndPort, Guard> {
  private final Map<HostAndPort, Guard> guards = new ConcurrentHashMap<>();
  private final List<Consumer<Guard>> listeners = new CopyOnWriteArrayList<>();
  private final List<Consumer<Guard>> farewells = new CopyOnWriteArrayList<>();
  private final Function<HostAndPort, Guard> maker;
  private final BiConsumer<HostAndPort, Guard> onMade;

  /**
   * Makes an empty one.
   *
   * @param maker makes the guard of a node; two threads may make one each, of which one is dropped unused
   * @param onMade is called with each that is kept, before the listeners are
   */
  NodeGuards(Function<HostAndPort, Guard> maker, BiConsumer<HostAndPort, Guard> onMade) {
    this.maker = maker;
    this.onMade = onMade;
  }

  @Override
  public Guard apply(HostAndPort node) {
    Guard known = guards.get(node);
    return known != null ? known : made(node);
  }

  private Guard made(HostAndPort node) {
    Guard made = maker.apply(node);
    Guard known = guards.putIfAbsent(node, made);
    if (known != null) {
      return known;
    }
    onMade.accept(node, made);
    listeners.forEach(listener -> listener.accept(made));
    return made;
  }

  /**
   * Forgets the nodes that are no more. Each farewell is said, whatever others throw; the first failure is thrown at the
   * end.
   */
  void keepOnly(Predicate<HostAndPort> there) {
    List<Guard> gone = new ArrayList<>();
    guards.forEach((node, guard) -> {
      if (!there.test(node) && guards.remove(node, guard)) {
        gone.add(guard);
      }
    });
    RuntimeException first = null;
    for (Guard guard : gone) {
      for (Consumer<Guard> farewell : farewells) {
        try {
          farewell.accept(guard);
        } catch (RuntimeException failed) {
          first = first == null ? failed : first;
        }
      }
    }
    if (first != null) {
      throw first;
    }
  }

  List<Guard> all() {
    return List.copyOf(guards.values());
  }

  boolean allClosed() {
    return guards.values().stream().allMatch(guard -> guard.state() == GuardState.CLOSED);
  }

  /** Calls {@code listener} with each guard there is, and with each that is made from now on. */
  void onEach(Consumer<Guard> listener) {
    listeners.add(listener);
    guards.values().forEach(listener);
  }

  /** Calls {@code farewell} with each guard that is forgotten from now on. */
  void onGone(Consumer<Guard> farewell) {
    farewells.add(farewell);
  }
}
