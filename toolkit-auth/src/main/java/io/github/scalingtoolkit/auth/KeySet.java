package io.github.scalingtoolkit.auth;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The keys in force at one moment: the active one, which signs and verifies, and those that only verify.
 *
 * <p>Immutable. The generation distinguishes a set from its successor: a token verified under one generation is verified again
 * under the next, so removing a key takes effect at once.
 */
public final class KeySet {
  private final long generation;
  private final SigningKey active;
  private final Map<String, SigningKey> byId;

  private KeySet(long generation, SigningKey active, Map<String, SigningKey> byId) {
    this.generation = generation;
    this.active = active;
    this.byId = byId;
  }

  /**
   * Returns a set of {@code active} and {@code verifyOnly}.
   *
   * @param generation a number that this source has given to no other set
   * @throws IllegalArgumentException if two keys have the same id
   */
  public static KeySet of(long generation, SigningKey active, Collection<SigningKey> verifyOnly) {
    List<SigningKey> all = new ArrayList<>();
    all.add(active);
    all.addAll(verifyOnly);
    Map<String, SigningKey> byId = new LinkedHashMap<>();
    for (SigningKey key : all) {
      if (byId.put(key.id(), key) != null) {
        throw new IllegalArgumentException(
            "keys must have different ids but two have the id " + key.id());
      }
    }
    return new KeySet(generation, active, byId);
  }

  /** Returns the number that distinguishes this set from others of the same source. */
  public long generation() {
    return generation;
  }

  /** Returns the key that signs. */
  public SigningKey active() {
    return active;
  }

  /** Returns all keys, the active one first. */
  public List<SigningKey> keys() {
    return List.copyOf(byId.values());
  }

  /** Returns the key of exactly this id, or null if there is none. */
  public @Nullable SigningKey find(String id) {
    return byId.get(id);
  }

  @Override
  public String toString() {
    return "KeySet[generation=" + generation + ", active=" + active.id() + ", ids=" + byId.keySet()
        + "]";
  }
}
