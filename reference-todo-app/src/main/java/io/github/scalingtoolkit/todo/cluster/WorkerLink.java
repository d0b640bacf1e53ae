package io.github.scalingtoolkit.todo.cluster;

import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import sun.misc.Signal;
import sun.misc.SignalHandler;

/** A worker's end of the link to its supervisor. */
public final class WorkerLink {
  /** The property that a supervisor sets: which of its workers this is. */
  static final String INSTANCE = "todo.cluster.instance";

  static final String ANNOUNCEMENT = "cluster worker is listening: ";
  private static final Logger log = LoggerFactory.getLogger(WorkerLink.class);

  private WorkerLink() {}

  /** Returns this process' link, or empty if no supervisor started it. */
  public static Optional<WorkerLink> find() {
    return System.getProperty(INSTANCE) == null ? Optional.empty() : Optional.of(new WorkerLink());
  }

  /** Tells the supervisor where this worker listens. */
  public void announce(int port, int adminPort) {
    System.out.println(ANNOUNCEMENT + port + " " + adminPort);
    System.out.flush();
  }

  /**
   * Leaves Ctrl-C and SIGHUP to the supervisor, which gets them too and knows the order; and runs {@code orphaned}
   * once the supervisor is gone.
   */
  public void follow(Runnable orphaned) {
    Signal.handle(new Signal("INT"), SignalHandler.SIG_IGN);
    Signal.handle(new Signal("HUP"), SignalHandler.SIG_IGN);
    Thread thread = new Thread(() -> awaitEnd(System.in, orphaned), "supervisor-link");
    thread.setDaemon(true);
    thread.start();
  }

  private static void awaitEnd(InputStream input, Runnable orphaned) {
    try {
      while (input.read() >= 0) {
        // The supervisor writes nothing: only the end of the input matters.
      }
    } catch (IOException broken) {
      log.debug("supervisor link=broken");
    }
    log.warn("supervisor=gone action=\"this worker ends\"");
    orphaned.run();
  }
}
