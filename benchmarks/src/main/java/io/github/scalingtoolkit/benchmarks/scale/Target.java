package io.github.scalingtoolkit.benchmarks.scale;

import java.net.URI;
import java.util.List;
import java.util.stream.Stream;

/**
 * A row that runs and can be loaded.
 *
 * @param url where it is asked
 * @param token what it takes for the user's token; empty if it wants none
 * @param otherToken the same of another user, whose creates leave the first one's list as it is
 * @param database where its lists are, which rows may share; empty if it has none
 * @param front a supervisor or nginx, if it has one
 * @param pids the processes that answer
 * @param queue where the jobs of its creates are
 * @param redis the Redis of its queue
 * @param children what ends it
 */
public record Target(
    URI url,
    String token,
    String otherToken,
    String database,
    List<Long> front,
    List<Long> pids,
    Jobs.Queue queue,
    URI redis,
    List<Runnable> children)
    implements AutoCloseable {
  /** Tells whether all of its processes run. */
  boolean runs() {
    return Stream.concat(front.stream(), pids.stream())
        .allMatch(pid -> ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false));
  }

  @Override
  public void close() {
    children.forEach(Runnable::run);
  }
}
