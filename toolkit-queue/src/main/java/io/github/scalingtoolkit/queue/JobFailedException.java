package io.github.scalingtoolkit.queue;

/**
 * Why a run failed that threw nothing: its handler said so, or it took longer than it may. Given to {@link
 * QueueListener#onFailure}; its message is kept with the job.
 */
public final class JobFailedException extends QueueException {
  private static final long serialVersionUID = 1L;

  private final String reason;

  JobFailedException(String reason) {
    super(reason);
    this.reason = reason;
  }

  String reason() {
    return reason;
  }
}
