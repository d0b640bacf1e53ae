package io.github.scalingtoolkit.cache;

import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The invalidations of one key that have not reached Redis. Immutable, and compared by identity: a change during the
 * replay makes a new instance, so the replay can see that this one is outdated.
 */
final class Pending {
  static final Pending NOTHING = new Pending(Set.of(), Set.of(), false);

  private final Set<String> open;
  private final Set<String> ended;
  private final boolean evicted;

  private Pending(Set<String> open, Set<String> ended, boolean evicted) {
    this.open = open;
    this.ended = ended;
    this.evicted = evicted;
  }

  /** Tokens of writes that may commit from now on, or may have. */
  Set<String> open() {
    return open;
  }

  /** Tokens of writes that are over. */
  Set<String> ended() {
    return ended;
  }

  /** Whether the entry must be removed in any case. */
  boolean evicted() {
    return evicted;
  }

  Pending withOpen(String token) {
    return new Pending(with(open, token), ended, evicted);
  }

  Pending withEnded(String token) {
    return new Pending(without(open, token), with(ended, token), evicted);
  }

  Pending withEvicted() {
    return new Pending(open, ended, true);
  }

  /** Returns this without the write, or null if nothing is left. */
  @Nullable
  Pending without(String token) {
    Pending rest = new Pending(without(open, token), without(ended, token), evicted);
    return rest.open.isEmpty() && rest.ended.isEmpty() && !evicted ? null : rest;
  }

  private static Set<String> with(Set<String> tokens, String token) {
    Set<String> all = new LinkedHashSet<>(tokens);
    all.add(token);
    return all;
  }

  private static Set<String> without(Set<String> tokens, String token) {
    Set<String> rest = new LinkedHashSet<>(tokens);
    rest.remove(token);
    return rest;
  }
}
