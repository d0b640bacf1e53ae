package io.github.scalingtoolkit.todo.http;

import java.io.IOException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.UnknownHostException;

/** Says that a server could not listen where it was told to, and what of that is in the way. */
public final class ListenException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** What is in the way. */
  public enum Reason {
    /** Nobody knows the host's name. */
    UNKNOWN_HOST("Name an address of this machine, or 0.0.0.0 for all of them."),
    /** The host is another machine's address. */
    FOREIGN_HOST("Name an address of this machine, or 0.0.0.0 for all of them."),
    /** Something listens there, or the port is not this user's to take. */
    PORT("Stop what listens there, or choose another port.");

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

  /** Returns the name of the server that cannot listen, as its configuration has it. */
  public String server() {
    return server;
  }

  /** Returns what is in the way. */
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
