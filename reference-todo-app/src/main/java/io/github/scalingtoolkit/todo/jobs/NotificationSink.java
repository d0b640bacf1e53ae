package io.github.scalingtoolkit.todo.jobs;

import java.io.IOException;

/** Delivers notifications. Implementations block, and are safe for use by several threads. */
public interface NotificationSink extends AutoCloseable {
  /**
   * Delivers one; returns once the receiving system has accepted it.
   *
   * @param jobId the same at each try, so that a receiver can recognize a second delivery
   * @throws IOException if it was not delivered, or may not have been: it will be tried again
   */
  void deliver(String jobId, Notification notification) throws IOException;

  @Override
  void close();
}
