package io.github.scalingtoolkit.todo.jobs;

import java.io.IOException;

/** Delivers notifications. Implementations block, and are safe for use by several threads. */
public interface NotificationSink extends AutoCloseable {
  /**
   * Delivers one; returns once it is out of our hands.
   *
   * @param jobId the same at each try, so that a receiver can tell a second delivery
   * @throws IOException if it was not delivered, or nobody knows: it will be tried again
   */
  void deliver(String jobId, Notification notification) throws IOException;

  @Override
  void close();
}
