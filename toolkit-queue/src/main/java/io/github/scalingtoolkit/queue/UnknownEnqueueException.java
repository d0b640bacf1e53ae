package io.github.scalingtoolkit.queue;

import java.util.List;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.exceptions.JedisException;

/**
 * The connection was lost, or an answer was late, before Redis told what became of an enqueue: each of its jobs may be in
 * the queue or not. Enqueue them again by {@link #ids} ({@link EnqueueOptions#id}): what is there already, or ended less
 * than a minute ago (24 h if the caller gave the id), is not added twice.
 */
public final class UnknownEnqueueException extends QueueException {
  private static final long serialVersionUID = 1L;

  private final transient @Nullable List<JobId> ids;

  UnknownEnqueueException(String queue, List<JobId> ids, JedisException cause) {
    super(
        "whether "
            + (ids.size() == 1
                ? "job " + ids.get(0)
                : ids.size() + " jobs, the first is " + ids.get(0) + ",")
            + " is in queue " + Texts.quoted(queue)
            + " is unknown, because Redis did not answer in time: enqueue again by"
            + " the same id",
        cause);
    this.ids = List.copyOf(ids);
  }

  /** Returns the ids of all jobs of the enqueue, given or made, in order. None if this was serialized meanwhile. */
  public List<JobId> ids() {
    return ids == null ? List.of() : ids;
  }
}
