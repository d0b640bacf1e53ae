package io.github.scalingtoolkit.todo.stores;

import java.util.Optional;
import java.util.ServiceLoader;
import java.util.Set;

/**
 * Stores that are part of the program, for a machine on which none is installed. The demo jar has a provider, the slim
 * jar has none.
 */
public interface EmbeddedStores {
  /** Which store. */
  enum Kind {
    /** A store on the MongoDB wire. */
    MONGO,
    /** A Redis. */
    REDIS
  }

  /** What happens to a store in its own process when this process is killed. */
  enum AfterKill {
    /** It keeps running, and the next start adopts it with all its data. */
    STAYS,
    /** It ends, in order. */
    ENDS
  }

  /** Returns the provider of this program, or empty if it contains none: check this before offering a demo. */
  static Optional<EmbeddedStores> find() {
    return ServiceLoader.load(EmbeddedStores.class).findFirst();
  }

  /**
   * Starts {@code kinds} on the data of {@code directory}, creates that data if there is none, and returns once they
   * answer. Blocks, for about a second.
   *
   * <p>All listen on 127.0.0.1, each at its own port. If one fails, those already started are stopped.
   *
   * @throws StoresException if one cannot be started; its message says what to do
   */
  Running start(DataDirectory directory, Set<Kind> kinds, AfterKill afterKill);

  /** As above; if this process is killed, the stores keep running for the next start. */
  default Running start(DataDirectory directory, Set<Kind> kinds) {
    return start(directory, kinds, AfterKill.STAYS);
  }

  /** Stores that run. Safe for use by several threads. */
  interface Running extends AutoCloseable {
    /** Returns {@code mongodb://127.0.0.1:port/todoapp}, or empty if that kind was not asked for. */
    Optional<String> mongoUri();

    /** Returns {@code redis://:password@127.0.0.1:port}, or empty if not asked for. Holds a secret: never log it. */
    Optional<String> redisUrl();

    /**
     * Stops them: Redis, then MongoDB, each with its data on disk. Call it last, when they are no longer used. Does
     * nothing the second time.
     */
    @Override
    void close();
  }
}
