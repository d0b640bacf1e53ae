package io.github.scalingtoolkit.todo.http;

import java.io.IOException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.UnknownHostException;

/** Thrown when a server could not listen at its address, with the reason. */
public final class ListenException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** The reason. */
  public enum Reason {
    /** The host's name cannot be resolved. */
    UNKNOWN_HOST("Name an address of this machine, or 0.0.0.0 for all of them."),
    /** The host is another machine's address. */
    FOREIGN_HOST("Name an address of this machine, or 0.0.0.0 for all of them."),
    /** The port is taken, or this user may not use it. */
    PORT("Stop the process that listens there, or choose another port.");

    private final String whatToDo;

    Reason(String whatToDo) {
      this.whatToDo = whatToDo;
    }
  }

  private final String server;
  private final Reason reason;

  ListenException(HttpConfig config, Throwable cause) {
    this(config, cause, reasonOf(config.host()));
  }

  private ListenException(HttpConfig config, Throwable cause, Reason reason) {
    super(
        "cannot listen on " + config.host() + ":" + config.port() + " for the " + config.name()
            + " port: "
            + (reason == Reason.UNKNOWN_HOST ? "the host is unknown" : cause.getMessage()) + ". "
            + reason.whatToDo,
        cause);
    server = config.name();
    this.reason = reason;
  }

  /** Returns the configured name of the server that cannot listen. */
  public String server() {
    return server;
  }

  /** Returns the reason. */
  public Reason reason() {
    return reason;
  }

  private static Reason reasonOf(String host) {
    try {
      InetAddress address = InetAddress.getByName(host);
      boolean ours = address.isAnyLocalAddress()
          || address.isLoopbackAddress()
          || NetworkInterface.getByInetAddress(address) != null;
      return ours ? Reason.PORT : Reason.FOREIGN_HOST;
    } catch (UnknownHostException unknown) {
      return Reason.UNKNOWN_HOST;
    } catch (IOException cannotTell) {
      return Reason.PORT;
    }
  }
}
