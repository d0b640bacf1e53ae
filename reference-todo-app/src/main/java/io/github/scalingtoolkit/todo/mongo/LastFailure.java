package io.github.scalingtoolkit.todo.mongo;

import com.mongodb.connection.ServerDescription;
import com.mongodb.event.ClusterDescriptionChangedEvent;
import com.mongodb.event.ClusterListener;
import org.jspecify.annotations.Nullable;

/** Remembers why the driver last could not reach a server, since its time-out does not give the reason. */
final class LastFailure implements ClusterListener {
  private volatile @Nullable String text;

  @Override
  public void clusterDescriptionChanged(ClusterDescriptionChangedEvent event) {
    String found = null;
    for (ServerDescription server : event.getNewDescription().getServerDescriptions()) {
      Throwable failure = server.getException();
      if (failure != null) {
        Throwable root = failure.getCause() == null ? failure : failure.getCause();
        // Socket messages contain at most addresses.
        found =
            server.getAddress() + " " + root.getClass().getSimpleName() + ": " + root.getMessage();
      }
    }
    text = found;
  }

  /** Returns {@code ", last failure: …"}, or nothing. */
  String suffix() {
    String known = text;
    return known == null ? "" : ", last failure: " + known;
  }
}
