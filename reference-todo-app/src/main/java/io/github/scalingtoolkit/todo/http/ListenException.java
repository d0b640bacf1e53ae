package io.github.scalingtoolkit.todo.http;

/** Says that a server could not listen where it was told to. */
public final class ListenException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String server;

  ListenException(HttpConfig config, Throwable cause) {
    super(
        "cannot listen on " + config.host() + ":" + config.port() + " for the " + config.name()
            + " port: " + cause.getMessage() + ". Stop what listens there, or choose another port.",
        cause);
    server = config.name();
  }

  /** Returns the name of the server that cannot listen, as its configuration has it. */
  public String server() {
    return server;
  }
}
