package io.github.scalingtoolkit.benchmarks.load;

import io.undertow.Undertow;
import io.undertow.server.HttpHandler;
import java.net.InetSocketAddress;
import java.net.URI;

/** A real server with one IO thread and one handler. */
public final class TinyServer implements AutoCloseable {
  private final Undertow undertow;

  private TinyServer(Undertow undertow) {
    this.undertow = undertow;
  }

  /** Starts it on a free port. */
  public static TinyServer start(HttpHandler handler) {
    Undertow undertow = Undertow.builder()
        .addHttpListener(0, "127.0.0.1")
        .setIoThreads(1)
        .setWorkerThreads(1)
        .setHandler(handler)
        .build();
    undertow.start();
    return new TinyServer(undertow);
  }

  /** Returns its address. */
  public URI url() {
    int port = ((InetSocketAddress) undertow.getListenerInfo().get(0).getAddress()).getPort();
    return URI.create("http://127.0.0.1:" + port);
  }

  @Override
  public void close() {
    undertow.stop();
  }
}
