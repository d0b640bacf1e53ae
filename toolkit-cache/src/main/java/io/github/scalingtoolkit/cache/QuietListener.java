package io.github.scalingtoolkit.cache;

import io.github.scalingtoolkit.core.internal.Once;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A listener whose exceptions fail nobody's get or write: they are logged once. */
final class QuietListener implements CacheListener {
  private static final Logger log = LoggerFactory.getLogger(QuietListener.class);

  private final String cache;
  private final CacheListener listener;
  private final Once broken = new Once();

  QuietListener(String cache, CacheListener listener) {
    this.cache = cache;
    this.listener = listener;
  }

  @Override
  public void onGet(Outcome outcome) {
    try {
      listener.onGet(outcome);
    } catch (Throwable failure) {
      tell(failure);
    }
  }

  @Override
  public void onLoad(long nanos, boolean succeeded) {
    try {
      listener.onLoad(nanos, succeeded);
    } catch (Throwable failure) {
      tell(failure);
    }
  }

  @Override
  public void onFill(boolean stored) {
    try {
      listener.onFill(stored);
    } catch (Throwable failure) {
      tell(failure);
    }
  }

  @Override
  public void onInvalidation(boolean reached) {
    try {
      listener.onInvalidation(reached);
    } catch (Throwable failure) {
      tell(failure);
    }
  }

  @Override
  public void onReplay() {
    try {
      listener.onReplay();
    } catch (Throwable failure) {
      tell(failure);
    }
  }

  @Override
  public void onProblem(CacheProblem problem) {
    try {
      listener.onProblem(problem);
    } catch (Throwable failure) {
      tell(failure);
    }
  }

  private void tell(Throwable failure) {
    broken.tell(() -> log.error(
        "cache={} listener={} state=throws action=\"mend it; its metrics are incomplete, gets and"
            + " writes go on; logged once\"",
        cache,
        listener.getClass().getName(),
        failure));
  }
}
