package io.github.scalingtoolkit.cache;

import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.core.redis.ScriptCall;
import io.github.scalingtoolkit.core.redis.ScriptReply;
import io.github.scalingtoolkit.core.time.Deadline;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Invalidates a value first in Redis and then in this process' memory; notes in the journal what
 * could not reach Redis.
 */
final class Invalidations implements Journal.Scripts {
  private final String cache;
  private final RemoteEntries remote;
  private final @Nullable LocalEntries<?> local;
  private final Journal journal;
  private final OnUnreachable onUnreachable;
  private final CacheListener listener;
  private final Problems problems;

  Invalidations(
      String cache,
      RemoteEntries remote,
      @Nullable LocalEntries<?> local,
      Journal journal,
      OnUnreachable onUnreachable,
      CacheListener listener,
      Problems problems) {
    this.cache = cache;
    this.remote = remote;
    this.local = local;
    this.journal = journal;
    this.onUnreachable = onUnreachable;
    this.listener = listener;
    this.problems = problems;
  }

  WriteBracket writeBegin(String id) {
    String token = Keys.token(8);
    boolean begun = true;
    try {
      run(begin(id, token));
    } catch (RuntimeException unreachable) {
      if (onUnreachable == OnUnreachable.REFUSE) {
        throw new CacheUnreachableException(cache, "nothing was written", unreachable);
      }
      // It may have run nevertheless: the token is noted, so that its record can be ended.
      journal.open(id, token);
      begun = false;
    }
    forget(id);
    listener.onInvalidation(begun);
    return new WriteBracket(this, id, token, begun);
  }

  /** The write has been made: what follows from it is done although its caller's time may be over. */
  void writeEnd(String id, String token) {
    try {
      Deadline.suspended(() -> {
        run(end(id, token));
        return true;
      });
      writeEnded(id, token, true);
    } catch (RuntimeException unreachable) {
      writeEnded(id, token, false);
    }
  }

  /** Ends a write and runs {@code with}, together where both are for the same Redis. */
  ScriptReply writeEnd(String id, String token, RedisAccess redis, ScriptCall with) {
    if (!remote.isOn(redis)) {
      writeEnd(id, token);
      return run(redis, with);
    }
    boolean reached = false;
    try {
      List<ScriptReply> replies =
          Deadline.suspended(() -> remote.runAll(List.of(end(id, token), with)));
      RuntimeException failure = replies.get(0).failure();
      reached = failure == null;
      if (failure == null) {
        problems.published(replies.get(0).value());
      } else {
        problems.failed(failure);
      }
      return replies.get(1);
    } catch (RuntimeException unreachable) {
      return new ScriptReply(null, unreachable);
    } finally {
      writeEnded(id, token, reached);
    }
  }

  /** Runs a script that invalidates. */
  private void run(ScriptCall call) {
    try {
      problems.published(remote.run(call));
    } catch (RuntimeException failure) {
      problems.failed(failure);
      throw failure;
    }
  }

  /** Runs a script that goes with a write. */
  static ScriptReply run(RedisAccess redis, ScriptCall call) {
    try {
      return Deadline.suspended(() -> redis.evalAll(List.of(call))).get(0);
    } catch (RuntimeException unreachable) {
      return new ScriptReply(null, unreachable);
    }
  }

  /** The write may commit yet. One whose begin is in Redis ends there by its deadline. */
  void abandoned(String id, String token, boolean begun) {
    if (!begun) {
      journal.open(id, token);
    }
    forget(id);
  }

  void evicted(String id) {
    try {
      run(evict(id));
      forget(id);
      listener.onInvalidation(true);
    } catch (RuntimeException unreachable) {
      journal.evicted(id);
      forget(id);
      listener.onInvalidation(false);
      if (onUnreachable == OnUnreachable.REFUSE) {
        throw new CacheUnreachableException(
            cache,
            "this process bypasses the key until the invalidation has been replayed",
            unreachable);
      }
    }
  }

  int replay(Function<ScriptCall, @Nullable Object> runner) {
    Consumer<ScriptCall> published = call -> problems.published(runner.apply(call));
    return journal.replay(this, published, id -> {
      forget(id);
      listener.onReplay();
    });
  }

  @Override
  public ScriptCall begin(String id, String token) {
    return remote.beginCall(id, token);
  }

  @Override
  public ScriptCall end(String id, String token) {
    return remote.endCall(id, token);
  }

  @Override
  public ScriptCall evict(String id) {
    return remote.evictCall(id);
  }

  private void writeEnded(String id, String token, boolean reached) {
    if (reached) {
      journal.settled(id, token);
    } else {
      journal.ended(id, token);
    }
    forget(id);
    listener.onInvalidation(reached);
  }

  private void forget(String id) {
    if (local != null) {
      local.invalidate(id);
    }
  }
}
